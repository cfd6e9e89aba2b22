import type { FastifyInstance } from 'fastify'
import { memoryMib, parseStartRequest, type StartOverrides } from '../api/start-request.ts'
import type { MachineOverrides } from '../machine/plan.ts'
import type { DaemonContext } from './context.ts'
import { imageOf } from './image.ts'
import { statusOf } from './instance-status.ts'
import { untilGone } from './until-gone.ts'

/** `POST /start`: obtains an artifact and starts an instance of it; answers when its machine runs. */
export function serveStart(app: FastifyInstance, context: DaemonContext): void {
  const { instances, obtain, closing } = context
  app.post('/start', async (request, reply) => {
    const requestedAt = performance.now()
    const { manifest, overrides = {} } = parseStartRequest(request.body)
    const { pull, offline, architecture, name, hypervisor } = overrides
    const signal = untilGone(reply, closing)
    const { artifact, timings, lease } = await obtain(manifest, { pull, offline, architecture, signal })
    await using _held = lease
    const what = {
      image: imageOf(artifact, manifest),
      overrides: machineOverrides(overrides),
      requestedAt,
      timings: timings ?? { resolveMs: Math.round(performance.now() - requestedAt) },
      ...(name !== undefined && { name }),
      ...(hypervisor !== undefined && { hypervisor }),
    }
    return await statusOf(await instances.start(what, { signal }))
  })
}

function machineOverrides({
  cpus,
  memory,
  kernel_args,
  ports,
  acceleration,
}: StartOverrides): MachineOverrides {
  return {
    ...(cpus !== undefined && { cpus }),
    ...(memory !== undefined && { memoryMib: memoryMib(memory) }),
    ...(kernel_args !== undefined && { kernelArguments: kernel_args }),
    ...(ports && { ports: ports.map(({ protocol = 'tcp', host, guest }) => ({ host, guest, protocol })) }),
    ...(acceleration && { acceleration }),
  }
}
