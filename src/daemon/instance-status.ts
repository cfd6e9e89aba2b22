import type { InstanceStatus } from '../api/instance-status.ts'
import type { Instance } from '../machine/instance.ts'
import { usageOf } from '../machine/process-identity.ts'
import type { InstanceRecord } from '../machine/record.ts'
import { isFinal } from '../machine/state.ts'

/** An instance in the words of the API. */
export async function statusOf({ record }: Instance): Promise<InstanceStatus> {
  const { machine, process } = record
  const isOver = isFinal(record.state)
  const usage = isOver || !process ? undefined : await usageOf(process)
  return {
    instance_id: record.id,
    state: record.state,
    status: record.state,
    ...(process && !isOver && { pid: process.pid }),
    ...(record.startedAt !== undefined && { uptime_ms: uptimeMs(record.startedAt, record.finishedAt) }),
    metrics: usage ? { cpu_ms: usage.cpuMs, resident_bytes: usage.residentBytes } : {},
    name: record.name,
    manifest: record.reference,
    digest: record.digest,
    created_at: record.createdAt,
    ...(record.startedAt !== undefined && { started_at: record.startedAt }),
    ...(record.finishedAt !== undefined && { finished_at: record.finishedAt }),
    hypervisor: record.hypervisor,
    architecture: machine.architecture,
    acceleration: machine.acceleration,
    cpus: machine.cpus,
    memory_mib: machine.memoryMib,
    ports: machine.ports,
    timings: timingsOf(record),
    ...(record.notice !== undefined && { notice: record.notice }),
    ...(record.reason !== undefined && { reason: record.reason }),
    ...(record.error && { error: errorOf(record.error) }),
  }
}

/** A clock that was set back must not make it negative. */
function uptimeMs(from: string, to: string | undefined): number {
  return Math.max(0, (to === undefined ? Date.now() : Date.parse(to)) - Date.parse(from))
}

function timingsOf({ timings }: InstanceRecord): NonNullable<InstanceStatus['timings']> {
  return Object.fromEntries(
    Object.entries(timings).map(([key, value]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  )
}

function errorOf({ code, message, hint }: NonNullable<InstanceRecord['error']>) {
  return { code, detail: message, ...(hint !== undefined && { hint }) }
}
