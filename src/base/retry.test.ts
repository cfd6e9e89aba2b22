import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failureOf } from '../../test/support/refusals.ts'
import { retry } from './retry.ts'

const passing = new Error('passing')
const lasting = new Error('lasting')
const isPassing = (error: unknown) => error === passing

test('work that fails in passing is done again, with growing waits', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const attempts: number[] = []
  const result = retry(async (attempt) => {
    attempts.push(attempt)
    if (attempt < 3) throw passing
    return 'done'
  }, isPassing)
  for (const wait of [200, 1000, 3000]) {
    await flush()
    context.mock.timers.tick(wait - 1)
    await flush()
    const before = attempts.length
    context.mock.timers.tick(1)
    await flush()
    assert.equal(attempts.length, before + 1)
  }
  assert.equal(await result, 'done')
  assert.deepEqual(attempts, [0, 1, 2, 3])
})

test('the last failure is thrown after four attempts', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  let attempts = 0
  const result = failureOf(
    retry(async () => {
      attempts++
      throw passing
    }, isPassing),
  )
  for (let round = 0; round < 4; round++) {
    await flush()
    context.mock.timers.tick(10_000)
  }
  assert.equal(await result, passing)
  assert.equal(attempts, 4)
})

test('a failure that will not pass is thrown at once', async () => {
  let attempts = 0
  const work = async () => {
    attempts++
    throw lasting
  }
  assert.equal(await failureOf(retry(work, isPassing)), lasting)
  assert.equal(attempts, 1)
})

test('an abort ends the wait with its own reason', async () => {
  const controller = new AbortController()
  const reason = new Error('enough')
  const work = retry(() => Promise.reject(passing), isPassing, controller)
  setTimeout(() => controller.abort(reason), 10)
  assert.equal(await failureOf(work), reason)
})

/** Lets promises settle while timers stand still. */
function flush(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
