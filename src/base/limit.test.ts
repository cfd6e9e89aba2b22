import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { failureOf } from '../../test/support/refusals.ts'
import { forEachLimited, Limit } from './limit.ts'

test('never more than the limit are in at once, and all get in', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 20 }), async (size, count) => {
      const limit = new Limit(size)
      let inside = 0
      let most = 0
      const visit = async () => {
        using _slot = await limit.enter()
        most = Math.max(most, ++inside)
        await Promise.resolve()
        inside--
      }
      await Promise.all(Array.from({ length: count }, visit))
      assert.equal(most, Math.min(size, count))
    }),
    { numRuns: 50 },
  )
})

test('who waits longest gets in first', async () => {
  const limit = new Limit(1)
  const first = await limit.enter()
  const order: string[] = []
  const waiting = ['a', 'b', 'c'].map(async (name) => {
    using _slot = await limit.enter()
    order.push(name)
  })
  first[Symbol.dispose]()
  await Promise.all(waiting)
  assert.deepEqual(order, ['a', 'b', 'c'])
})

test('who gives up waiting leaves with the reason and takes no slot', async () => {
  const limit = new Limit(1)
  const slot = await limit.enter()
  const controller = new AbortController()
  const waiting = limit.enter(controller)
  const reason = new Error('enough')
  controller.abort(reason)
  assert.equal(await failureOf(waiting), reason)
  assert.equal(await failureOf(limit.enter({ signal: AbortSignal.abort(reason) })), reason)
  slot[Symbol.dispose]()
  using _again = await limit.enter()
})

test('the first failure of many is thrown, after the others were told to stop and did', async () => {
  const failure = new Error('third')
  let running = 0
  const work = async (item: number, { signal }: { signal: AbortSignal }) => {
    running++
    try {
      if (item === 3) throw failure
      await delay(10_000, undefined, { signal })
    } finally {
      running--
    }
  }
  assert.equal(await failureOf(forEachLimited([1, 2, 3, 4, 5], 3, work)), failure)
  assert.equal(running, 0)
})

test('work over many ends with the reason of the caller', async () => {
  const controller = new AbortController()
  const reason = new Error('enough')
  const work = forEachLimited(
    [1, 2, 3],
    2,
    (_, { signal }) => delay(10_000, undefined, { signal }),
    controller,
  )
  controller.abort(reason)
  const error = await failureOf(work)
  assert.ok(error === reason || (error as Error).cause === reason)
})
