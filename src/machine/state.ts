import { OvmsError } from '../base/error.ts'

/** What an instance is doing. The set is that of the runtime contract and closed. spec/runtime.md */
export const MACHINE_STATES = ['starting', 'running', 'stopping', 'stopped', 'error'] as const
export type MachineState = (typeof MACHINE_STATES)[number]

/**
 * What happens to an instance: `spawned` its hypervisor answers · `stop-asked` somebody wants it to end · `ended` it
 * ended in order, by itself or because it was asked to · `died` the hypervisor ended without being asked · `lost` it
 * was gone when a new daemon looked for it.
 */
export type MachineEvent = 'spawned' | 'stop-asked' | 'ended' | 'died' | 'lost'

/** Every transition there is; whatever is not here cannot happen. */
export const TRANSITIONS: Readonly<
  Record<MachineState, Readonly<Partial<Record<MachineEvent, MachineState>>>>
> = {
  starting: { spawned: 'running', lost: 'error' },
  running: { 'stop-asked': 'stopping', ended: 'stopped', died: 'error', lost: 'stopped' },
  stopping: { 'stop-asked': 'stopping', ended: 'stopped', died: 'error', lost: 'stopped' },
  stopped: {},
  error: {},
}

/**
 * The state that follows.
 *
 * @throws {OvmsError} `instance-state`
 */
export function nextState(state: MachineState, event: MachineEvent): MachineState {
  const next = TRANSITIONS[state][event]
  if (next) return next
  throw new OvmsError('instance-state', `An instance that is ${state} cannot take "${event}"`, {
    actual: state,
  })
}

/** Whether nothing can happen to it any more. */
export function isFinal(state: MachineState): boolean {
  return Object.keys(TRANSITIONS[state]).length === 0
}
