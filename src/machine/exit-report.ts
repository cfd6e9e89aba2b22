import type { MachineExit } from './hypervisor.ts'
import type { InstanceRecord } from './record.ts'
import type { MachineEvent } from './state.ts'

/** What the end of a machine means for its instance. */
export interface ExitReport extends Pick<InstanceRecord, 'reason' | 'error'> {
  readonly event: MachineEvent
}

/** @param wasKilled whether we ended it with a signal because it did not end otherwise */
export function reportExit(exit: MachineExit, hypervisor: string, wasKilled: boolean): ExitReport {
  if (exit.how === 'powered-off') return { event: 'ended', reason: 'The guest switched itself off' }
  if (exit.how === 'quit') return { event: 'ended', reason: `${hypervisor} was told to end` }
  if (wasKilled) return { event: 'ended', reason: `${hypervisor} did not end when told to and was killed` }
  const words = exit.lastWords === '' ? '' : `: ${exit.lastWords}`
  const message = `${hypervisor} ended (${exit.cause})${words}`
  return {
    event: 'died',
    reason: message,
    error: { code: 'hypervisor-failed', message, hint: 'See "ovm logs" for all that was said' },
  }
}
