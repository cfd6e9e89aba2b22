import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { failureOf } from '../../test/support/refusals.ts'
import { sleep, untilAborted } from './signal.ts'

const reason = new Error('enough')

test('a sleep ends at once, with the reason, when it is aborted', async () => {
  const controller = new AbortController()
  const began = performance.now()
  const sleeping = failureOf(sleep(10_000, controller))
  controller.abort(reason)
  assert.equal(await sleeping, reason)
  assert.ok(performance.now() - began < 1000)
})

test('a sleep does not begin when the signal is aborted already', async () => {
  assert.equal(await failureOf(sleep(10_000, { signal: AbortSignal.abort(reason) })), reason)
})

test('a sleep leaves no listener behind', async () => {
  const controller = new AbortController()
  await sleep(1, controller)
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
})

test('waiting for a promise ends with its value, its error, or the abort, and leaves no listener', async () => {
  const controller = new AbortController()
  const failure = new Error('failed')
  assert.equal(await untilAborted(Promise.resolve(1), controller), 1)
  assert.equal(await failureOf(untilAborted(Promise.reject(failure), controller)), failure)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
  const waiting = failureOf(untilAborted(new Promise(() => {}), controller))
  controller.abort(reason)
  assert.equal(await waiting, reason)
})
