import assert from 'node:assert/strict'
import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  noise,
  putArtifact,
  type SampleArtifact,
  sampleArtifact,
  sampleOf,
} from '../../test/support/blobs.ts'
import { newStore } from '../../test/support/stores.ts'
import { openerOf } from '../base/streams.ts'
import { hexOf } from '../model/digest.ts'
import { jsonBytes } from '../model/json-document.ts'
import { MEDIA_TYPES } from '../model/media-types.ts'

const artifact = sampleArtifact({ disks: [noise(10_000, 3)] })
const stray = sampleOf(noise(5000, 5))

test('what no name leads to is removed, all that a name leads to stays', async () => {
  await using opened = await newStore()
  await putArtifact(opened.store, artifact, 'demo:1')
  await opened.store.put(stray.blob, openerOf(stray.bytes))
  const { blobs, bytes } = await opened.store.collect()
  assert.deepEqual({ blobs, bytes }, { blobs: [{ digest: stray.blob.digest, size: 5000 }], bytes: 5000 })
  assert.deepEqual(await opened.blobs(), blobFiles(artifact))
})

test('a dry run tells what would go and removes nothing', async () => {
  await using opened = await newStore()
  await opened.store.put(stray.blob, openerOf(stray.bytes))
  assert.equal((await opened.store.collect({ dryRun: true })).blobs.length, 1)
  assert.equal(await opened.store.has(stray.blob), true)
})

test('an artifact goes when its last name has gone, and takes only what no other one needs', async () => {
  await using opened = await newStore()
  const other = sampleArtifact({ more: { name: 'other' } })
  await putArtifact(opened.store, artifact, 'demo:1')
  await putArtifact(opened.store, other, 'other:1')
  await opened.store.remove('demo:1')
  await opened.store.collect()
  assert.deepEqual(await opened.blobs(), blobFiles(other))
})

test('an artifact that lost its name stays until nameless ones are asked to go', async () => {
  await using opened = await newStore()
  await putArtifact(opened.store, artifact, 'demo:1')
  await opened.store.untag('demo:1')
  await opened.store.collect()
  assert.deepEqual(await opened.blobs(), blobFiles(artifact))
  await opened.store.collect({ nameless: true })
  assert.deepEqual(await opened.blobs(), [])
})

test('an index keeps every manifest it names', async () => {
  await using opened = await newStore()
  await putArtifact(opened.store, artifact, 'demo:1')
  const manifests = [{ ...artifact.root, platform: { architecture: 'amd64', os: 'linux' } }]
  const index = sampleOf(jsonBytes({ schemaVersion: 2, manifests }), MEDIA_TYPES.ociIndex)
  await opened.store.put(index.blob, openerOf(index.bytes))
  await opened.store.tag('all:1', index.blob)
  await opened.store.remove('demo:1')
  await opened.store.collect()
  assert.deepEqual(
    await opened.blobs(),
    [...blobFiles(artifact), `sha256/${hexOf(index.blob.digest)}`].toSorted(),
  )
})

test('what a running download has asked for stays, and goes when the download has ended', async () => {
  await using opened = await newStore()
  const lease = await opened.store.lease()
  await lease.put(stray.blob, openerOf(stray.bytes))
  await opened.store.collect()
  assert.equal(await opened.store.has(stray.blob), true)
  await lease[Symbol.asyncDispose]()
  await opened.store.collect()
  assert.equal(await opened.store.has(stray.blob), false)
  assert.deepEqual(await opened.leftovers(), [])
})

test('what is held for an instance stays until it is released', async () => {
  await using opened = await newStore()
  await opened.store.put(stray.blob, openerOf(stray.bytes))
  await opened.store.hold('instance-1', [stray.blob.digest])
  await opened.store.collect()
  assert.equal(await opened.store.has(stray.blob), true)
  await opened.store.release('instance-1')
  await opened.store.collect()
  assert.equal(await opened.store.has(stray.blob), false)
})

test('an interrupted download can be resumed for a day, and then goes', async () => {
  await using opened = await newStore()
  const partial = opened.store.paths.partial(stray.blob.digest)
  await writeFile(partial, stray.bytes.subarray(0, 1000))
  await opened.store.collect()
  assert.equal((await opened.leftovers()).length, 1)
  const yesterday = Date.now() / 1000 - 25 * 3600
  await utimes(partial, yesterday, yesterday)
  assert.equal((await opened.store.collect()).bytes, 1000)
  assert.deepEqual(await opened.leftovers(), [])
})

test('what a killed process left goes: a nameless blob, its lease, files without their names', async () => {
  await using opened = await newStore()
  const { paths } = opened.store
  await writeFile(paths.nameless('dead'), noise(777))
  await writeFile(join(paths.leases, 'dead.process'), `${stray.blob.digest}\n`)
  await writeFile(join(paths.leases, 'dead.held.1.tmp'), `${stray.blob.digest}\n`)
  await writeFile(`${paths.index}.1.tmp`, '{')
  await opened.store.put(stray.blob, openerOf(stray.bytes))
  await opened.store.collect()
  assert.deepEqual([await opened.blobs(), await opened.leftovers()], [[], []])
})

test('a running upload and a running build are not taken for dead ones', async () => {
  await using opened = await newStore()
  const upload = await opened.store.beginUpload()
  await upload.append(await openerOf(stray.bytes)(0, {}))
  await opened.store.collect()
  await upload.commit(stray.blob.digest)
  assert.equal(await opened.store.has(stray.blob), true)
})

function blobFiles({ all }: SampleArtifact): string[] {
  return all.map(({ blob }) => `sha256/${hexOf(blob.digest)}`).toSorted()
}
