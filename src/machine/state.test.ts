import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isFinal, MACHINE_STATES, type MachineEvent, type MachineState, nextState } from './state.ts'

const EVENTS: readonly MachineEvent[] = ['spawned', 'stop-asked', 'ended', 'died', 'lost']

/** What must be so, written once more by hand: state, event, what follows. */
const rows: readonly [MachineState, MachineEvent, MachineState][] = [
  ['starting', 'spawned', 'running'],
  ['starting', 'lost', 'error'],
  ['running', 'stop-asked', 'stopping'],
  ['running', 'ended', 'stopped'],
  ['running', 'died', 'error'],
  ['running', 'lost', 'stopped'],
  ['stopping', 'stop-asked', 'stopping'],
  ['stopping', 'ended', 'stopped'],
  ['stopping', 'died', 'error'],
  ['stopping', 'lost', 'stopped'],
]

describe('nextState()', () => {
  for (const [state, event, after] of rows) {
    test(`leads from ${state} by ${event} to ${after}`, () => assert.equal(nextState(state, event), after))
  }

  test('refuses everything else', () => {
    for (const state of MACHINE_STATES) {
      for (const event of EVENTS) {
        if (rows.some(([from, by]) => from === state && by === event)) continue
        assert.throws(() => nextState(state, event), { code: 'instance-state' }, `${state} ${event}`)
      }
    }
  })

  test('ends in stopped and error only', () => {
    assert.deepEqual(MACHINE_STATES.filter(isFinal), ['stopped', 'error'])
  })
})
