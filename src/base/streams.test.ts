import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failureOf, refused } from '../../test/support/refusals.ts'
import { type Bytes, collect, openerOf, untilAbort } from './streams.ts'

test('a small stream is read whole, one over the limit is not', async () => {
  assert.equal((await collect(pieces('one', 'two'), 6)).toString(), 'onetwo')
  await refused(collect(pieces('one', 'two'), 5, 'The thing'), 'manifest-too-large', {
    actual: 6,
    message: /^The thing is over the limit of 5 bytes/,
  })
})

test('reading stops at the limit, so an endless stream cannot fill the memory', async () => {
  await refused(collect(endless(), 1_000_000), 'manifest-too-large')
})

test('bytes in memory open from any offset', async () => {
  const open = openerOf(Buffer.from('abcdef'))
  assert.equal((await collect(await open(2, {}), 10)).toString(), 'cdef')
  assert.equal((await collect(await open(6, {}), 10)).toString(), '')
})

test('an abort ends a stream with its own reason, also between two pieces', async () => {
  const reason = new Error('enough')
  const controller = new AbortController()
  const reading = async () => {
    for await (const _ of untilAbort(endless(), controller)) controller.abort(reason)
  }
  assert.equal(await failureOf(reading()), reason)
  assert.equal(await failureOf(collect(untilAbort(endless(), controller), 1)), reason)
})

async function* pieces(...texts: string[]): Bytes {
  for (const text of texts) yield Buffer.from(text)
}

async function* endless(): Bytes {
  for (;;) yield Buffer.alloc(1000)
}
