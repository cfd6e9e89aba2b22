import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noise, putArtifact, readBlob, sampleArtifact } from '../../test/support/blobs.ts'
import { failureOf, refused } from '../../test/support/refusals.ts'
import { OvmsError } from '../base/error.ts'
import { type Opener, openerOf } from '../base/streams.ts'
import type { Descriptor } from '../model/descriptor.ts'
import { copy } from './copy.ts'
import { MemoryStore } from './memory-store.ts'
import type { PutOptions } from './ports.ts'
import type { TransferEvent } from './transfer-event.ts'

const artifact = sampleArtifact({ disks: [noise(9000, 2), noise(9000, 3), noise(9000, 2)] })
const different = new Map(artifact.all.map(({ blob }) => [blob.digest, blob.size]))
const total = [...different.values()].reduce((sum, size) => sum + size, 0)

test('a copy has all of the artifact, moves each blob once, and then nothing more', async () => {
  const [from, to] = [await filled(), new MemoryStore()]
  const first = await copy({ store: from, name: 'a' }, { store: to, name: 'b' })
  assert.deepEqual(first, { root: await from.resolve('a'), moved: total, kept: 0 })
  for (const { blob, bytes } of artifact.all) assert.deepEqual(await readBlob(to, blob), Buffer.from(bytes))
  const second = await copy({ store: from, name: 'a' }, { store: to, name: 'c' })
  assert.deepEqual(second, { root: first.root, moved: 0, kept: total })
})

test('blobs go before the manifest that names them, and the name goes last', async () => {
  const from = await filled()
  const to = new Recorder()
  await copy({ store: from, name: 'a' }, { store: to, name: 'b' })
  assert.deepEqual(to.order.slice(-2), [artifact.root.digest, 'b'])
  assert.equal(to.order.length, different.size + 1)
})

test('every blob is told from its beginning to its end', async () => {
  const events: TransferEvent[] = []
  const onEvent = (event: TransferEvent) => events.push(event)
  await copy({ store: await filled(), name: 'a' }, { store: new MemoryStore(), name: 'b' }, { onEvent })
  for (const [digest, size] of different) {
    const own = events.filter(({ id }) => id === digest)
    assert.deepEqual([own[0]?.is, own.at(-1)?.is], ['begin', 'end'])
    const bytes = own.reduce((sum, event) => sum + (event.is === 'bytes' ? event.bytes : 0), 0)
    assert.equal(bytes, size)
  }
})

test('a failure of one blob ends the copy with that failure, when no other one is written any more', async () => {
  const from = await filled()
  const to = new Recorder()
  const failure = new OvmsError('store-full', 'full')
  to.failsAt = artifact.disks[1]?.blob.digest
  to.failure = failure
  assert.equal(await failureOf(copy({ store: from, name: 'a' }, { store: to, name: 'b' })), failure)
  const writes = to.order.length
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(to.order.length, writes)
  await refused(to.resolve('b'), 'reference-unknown')
  assert.equal(await to.has(artifact.root), false)
})

test('an abort ends the copy with its reason', async () => {
  const reason = new Error('enough')
  const options = { signal: AbortSignal.abort(reason) }
  const work = copy({ store: await filled(), name: 'a' }, { store: new MemoryStore(), name: 'b' }, options)
  assert.equal(await failureOf(work), reason)
})

test('a source that gives other bytes for a manifest is refused', async () => {
  const from = await filled()
  const other = sampleArtifact({ more: { name: 'other' } })
  const liar = { resolve: from.resolve.bind(from), open: () => openerOf(other.rootBytes)(0, {}) }
  const to = new MemoryStore()
  await refused(copy({ store: liar, name: 'a' }, { store: to, name: 'b' }), [
    'digest-mismatch',
    'size-mismatch',
  ])
  await refused(to.resolve('b'), 'reference-unknown')
})

async function filled(): Promise<MemoryStore> {
  const store = new MemoryStore()
  await putArtifact(store, artifact, 'a')
  return store
}

class Recorder extends MemoryStore {
  readonly order: string[] = []
  failsAt: string | undefined
  failure: Error | undefined

  override async put(blob: Descriptor, open: Opener, options?: PutOptions): Promise<void> {
    if (blob.digest === this.failsAt) throw this.failure
    await super.put(blob, open, options)
    this.order.push(blob.digest)
  }

  override async tag(name: string, target: Descriptor): Promise<void> {
    await super.tag(name, target)
    this.order.push(name)
  }
}
