import type { Signalled } from '../base/signal.ts'
import { createQcow2 } from '../block/qcow2/create.ts'
import { slowerThanHoped } from './acceleration.ts'
import type { Hypervisor, HypervisorReport } from './hypervisor.ts'
import type { ImageStore } from './image-store.ts'
import { Instance } from './instance.ts'
import type { MachineImage } from './machine-image.ts'
import type { MachinePlan } from './plan.ts'
import type { InstanceRecord } from './record.ts'
import { isFinal } from './state.ts'

/** All that a start needs, decided before anything is made. */
export interface PlannedStart {
  readonly id: string
  readonly name: string
  readonly folder: string
  readonly image: MachineImage
  readonly plan: MachinePlan
  readonly report: HypervisorReport
  readonly hypervisor: Hypervisor
  readonly store: ImageStore
  /** `performance.now()` when it was asked for, and when its preparation began. */
  readonly requestedAt: number
  readonly begun: number
  readonly timings: InstanceRecord['timings']
  /** Makes the instance known; disposed of when the start fails. */
  readonly onCreated: (instance: Instance) => Disposable
}

/** Makes an instance and starts its machine; what was made is undone when a step fails. */
export async function startInstance(start: PlannedStart, { signal }: Signalled): Promise<Instance> {
  const { id, image, plan, hypervisor, store } = start
  signal?.throwIfAborted()
  await using undo = new AsyncDisposableStack()
  const instance = await Instance.create(start.folder, recordOf(start))
  undo.defer(() => instance.remove(() => store.release(id)))
  undo.use(start.onCreated(instance))
  await store.hold(id, image.blobs, { signal })
  if (plan.disk) await createQcow2(instance.paths.overlay, plan.disk.virtualSize)
  const log = await instance.openLog(start.requestedAt)
  if (instance.record.notice) await log.note(instance.record.notice)
  const prepared = performance.now()
  const machine = await hypervisor.start(plan, instance.paths, { signal })
  undo.defer(async () => {
    machine.kill()
    await machine.exited
  })
  const timings = {
    prepareMs: Math.round(prepared - start.begun),
    spawnMs: Math.round(performance.now() - prepared),
  }
  await instance.attach(machine, `running: ${describe(start)}`, timings)
  undo.move()
  return instance
}

/** Finds the machine of an instance again, or writes down that it is gone. */
export async function adoptInstance(instance: Instance, hypervisor: Hypervisor | undefined): Promise<void> {
  if (isFinal(instance.state)) return
  await instance.openLog()
  const machine = await hypervisor?.adopt(instance.paths, instance.record.process)
  if (machine) return await instance.attach(machine, 'A new daemon looks after this instance')
  await instance.lose(
    instance.state === 'starting'
      ? 'The daemon ended while this instance was starting'
      : 'The machine ended while no daemon was there to see how',
  )
}

function recordOf({ id, name, image, plan, report, hypervisor, timings }: PlannedStart): InstanceRecord {
  const cold =
    image.manifest.ramSnapshot && 'RAM snapshots are not restored by this version: the machine boots'
  const notice = [slowerThanHoped(plan.acceleration, report), cold].filter(Boolean).join('; ')
  const { architecture, acceleration, cpus, memoryMib, ports } = plan
  return {
    version: 1,
    id,
    name,
    hypervisor: hypervisor.name,
    reference: image.reference,
    digest: image.digest,
    createdAt: new Date().toISOString(),
    state: 'starting',
    machine: { architecture, acceleration, cpus, memoryMib, ports: [...ports] },
    timings,
    ...(notice !== '' && { notice }),
  }
}

function describe({ plan, report }: PlannedStart): string {
  const cpus = plan.cpus === 1 ? '1 cpu' : `${plan.cpus} cpus`
  return `${report.name} ${report.version} with ${plan.acceleration}, ${cpus}, ${plan.memoryMib} MiB`
}
