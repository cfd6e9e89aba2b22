import assert from 'node:assert/strict'
import { chmod, stat, truncate, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { noise, readBlob, sampleOf } from '../../test/support/blobs.ts'
import { failureOf, refused } from '../../test/support/refusals.ts'
import { newStore } from '../../test/support/stores.ts'
import { type Bytes, type Opener, openerOf } from '../base/streams.ts'

const { blob, bytes } = sampleOf(noise(3_000_000))

test('a blob is read-only once it is visible', async () => {
  await using opened = await newStore()
  await opened.store.put(blob, openerOf(bytes))
  const { mode } = await stat(opened.store.pathOf(blob.digest))
  assert.equal(mode & 0o777, 0o444)
  assert.deepEqual(await opened.leftovers(), [])
})

test('a put goes on where an earlier one was interrupted', async () => {
  await using opened = await newStore()
  await writeFile(opened.store.paths.partial(blob.digest), bytes.subarray(0, 1_234_567))
  const told = { moved: 0, kept: 0 }
  const asked: number[] = []
  const onBytes = (count: number, how: 'moved' | 'kept') => {
    told[how] += count
  }
  await opened.store.put(blob, recording(asked), { onBytes })
  assert.deepEqual(asked, [1_234_567])
  assert.deepEqual(told, { kept: 1_234_567, moved: 3_000_000 - 1_234_567 })
  assert.ok((await readBlob(opened.store, blob)).equals(bytes))
})

test('an interruption keeps every byte that had arrived', async () => {
  await using opened = await newStore()
  const broken = new Error('the line broke')
  assert.equal(await failureOf(opened.store.put(blob, async () => breaking(1_700_001, broken))), broken)
  assert.equal((await stat(opened.store.paths.partial(blob.digest))).size, 1_700_001)
})

test('bytes that a power cut damaged are fetched again', async () => {
  await using opened = await newStore()
  await writeFile(opened.store.paths.partial(blob.digest), noise(1_000_000, 9))
  const asked: number[] = []
  await opened.store.put(blob, recording(asked))
  assert.deepEqual(asked, [1_000_000, 0])
  assert.ok((await readBlob(opened.store, blob)).equals(bytes))
})

test('more left-over bytes than the blob has are thrown away', async () => {
  await using opened = await newStore()
  await writeFile(opened.store.paths.partial(blob.digest), bytes)
  await truncate(opened.store.paths.partial(blob.digest), bytes.length + 1)
  const asked: number[] = []
  await opened.store.put(blob, recording(asked))
  assert.deepEqual(asked, [0])
  assert.ok((await readBlob(opened.store, blob)).equals(bytes))
})

test('a blob of which all bytes had arrived is only verified', async () => {
  await using opened = await newStore()
  await writeFile(opened.store.paths.partial(blob.digest), bytes)
  const asked: number[] = []
  await opened.store.put(blob, recording(asked))
  assert.deepEqual(asked, [])
  assert.ok((await readBlob(opened.store, blob)).equals(bytes))
})

test('of several puts of one blob at once, one opens the source', async () => {
  await using opened = await newStore()
  const asked: number[] = []
  await Promise.all([1, 2, 3, 4, 5, 6].map(() => opened.store.put(blob, recording(asked))))
  assert.deepEqual(asked, [0])
  assert.deepEqual(await opened.leftovers(), [])
})

test('a blob that a damage cut off is fetched again and replaced', async () => {
  await using opened = await newStore()
  await opened.store.put(blob, openerOf(bytes))
  await chmod(opened.store.pathOf(blob.digest), 0o644)
  await truncate(opened.store.pathOf(blob.digest), 1000)
  await opened.store.put(blob, openerOf(bytes))
  assert.ok((await readBlob(opened.store, blob)).equals(bytes))
  assert.deepEqual(await opened.leftovers(), [])
})

test('a descriptor with a wrong size does no harm to the blob that is there', async () => {
  await using opened = await newStore()
  await opened.store.put(blob, openerOf(bytes))
  const short = { ...blob, size: 1000 }
  await refused(opened.store.put(short, openerOf(bytes)), 'size-mismatch')
  await refused(opened.store.put(short, openerOf(bytes.subarray(0, 1000))), 'digest-mismatch')
  assert.ok((await readBlob(opened.store, blob)).equals(bytes))
})

test('bytes that the store has already leave the blob as it is, which a machine may have open', async () => {
  await using opened = await newStore()
  await opened.store.put(blob, openerOf(bytes))
  const before = await stat(opened.store.pathOf(blob.digest))
  await using lease = await opened.store.lease()
  assert.equal((await lease.add(await openerOf(bytes)(0, {}))).digest, blob.digest)
  const upload = await opened.store.beginUpload()
  await upload.append(await openerOf(bytes)(0, {}))
  await upload.commit(blob.digest)
  assert.equal((await stat(opened.store.pathOf(blob.digest))).ino, before.ino)
  assert.deepEqual(
    (await opened.leftovers()).filter((file) => file.startsWith('ingest/')),
    [],
  )
})

function recording(asked: number[]): Opener {
  return async (from, options) => {
    asked.push(from)
    return openerOf(bytes)(from, options)
  }
}

async function* breaking(after: number, error: Error): Bytes {
  for (let start = 0; start < after; start += 60_000)
    yield bytes.subarray(start, Math.min(start + 60_000, after))
  throw error
}
