import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noise, readBlob, sampleOf } from '../../test/support/blobs.ts'
import { failureOf, refused } from '../../test/support/refusals.ts'
import { newStore } from '../../test/support/stores.ts'
import { type Bytes, openerOf } from '../base/streams.ts'
import { digestOf } from '../model/digest.ts'

const once = (bytes: Uint8Array) => openerOf(bytes)(0, {})

test('an upload becomes the blob whose digest its sender names at the end', async () => {
  await using opened = await newStore()
  const bytes = noise(200_000)
  const upload = await opened.store.beginUpload()
  await upload.append(await once(bytes.subarray(0, 70_000)))
  assert.equal(upload.size, 70_000)
  await upload.append(await once(bytes.subarray(70_000)))
  await upload.commit(digestOf(bytes))
  assert.ok((await readBlob(opened.store, sampleOf(bytes).blob)).equals(bytes))
  assert.deepEqual(await opened.leftovers(), [])
})

test('an upload may be named by sha512', async () => {
  await using opened = await newStore()
  const { blob, bytes } = sampleOf('some bytes', 'text/plain', 'sha512')
  const upload = await opened.store.beginUpload()
  await upload.append(await once(bytes))
  await upload.commit(blob.digest)
  assert.deepEqual(await readBlob(opened.store, blob), bytes)
})

test('an upload whose sender names another digest leaves nothing', async () => {
  await using opened = await newStore()
  const upload = await opened.store.beginUpload()
  await upload.append(await once(noise(1000)))
  await refused(upload.commit(digestOf(noise(999))), 'digest-mismatch', { actual: digestOf(noise(1000)) })
  assert.deepEqual([await opened.blobs(), await opened.leftovers()], [[], []])
})

test('an upload that is given up leaves nothing', async () => {
  await using opened = await newStore()
  const upload = await opened.store.beginUpload()
  await upload.append(await once(noise(1000)))
  await upload.abort()
  assert.deepEqual([await opened.blobs(), await opened.leftovers()], [[], []])
})

test('what arrived before the line broke counts, and the rest can follow', async () => {
  await using opened = await newStore()
  const bytes = noise(300_000)
  const upload = await opened.store.beginUpload()
  const broken = new Error('the line broke')
  assert.equal(await failureOf(upload.append(breaking(bytes.subarray(0, 100_000), broken))), broken)
  assert.equal(upload.size, 100_000)
  await upload.append(await once(bytes.subarray(100_000)))
  await upload.commit(digestOf(bytes))
  assert.ok((await readBlob(opened.store, sampleOf(bytes).blob)).equals(bytes))
})

test('a second sender is refused while the first one sends, so that bytes and hash cannot part', async () => {
  await using opened = await newStore()
  const bytes = noise(100_000)
  const upload = await opened.store.beginUpload()
  const gate = Promise.withResolvers<void>()
  const first = upload.append(waiting(bytes, gate.promise))
  await refused(upload.append(await once(bytes)), 'in-use')
  await refused(upload.commit(digestOf(bytes)), 'in-use')
  gate.resolve()
  await first
  await upload.commit(digestOf(bytes))
  assert.ok((await readBlob(opened.store, sampleOf(bytes).blob)).equals(bytes))
})

async function* breaking(bytes: Uint8Array, error: Error): Bytes {
  yield bytes
  throw error
}

async function* waiting(bytes: Uint8Array, gate: Promise<void>): Bytes {
  yield bytes.subarray(0, 1000)
  await gate
  yield bytes.subarray(1000)
}
