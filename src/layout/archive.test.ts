import assert from 'node:assert/strict'
import { createWriteStream } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import { pack } from 'tar-stream'
import { noise, putArtifact, readBlob, sampleArtifact, sampleOf } from '../../test/support/blobs.ts'
import { filesBelow, temporaryFolder } from '../../test/support/folders.ts'
import { refused } from '../../test/support/refusals.ts'
import { newStore } from '../../test/support/stores.ts'
import { openerOf } from '../base/streams.ts'
import { copy } from '../content/copy.ts'
import { hexOf } from '../model/digest.ts'
import { jsonBytes } from '../model/json-document.ts'
import { ArchiveReader } from './archive-reader.ts'
import { ArchiveWriter } from './archive-writer.ts'

const artifact = sampleArtifact({ disks: [noise(100_000, 2)] })

test('an artifact is the same after it was saved and loaded', async () => {
  await using folder = await temporaryFolder()
  await using source = await newStore()
  await using target = await newStore()
  await putArtifact(source.store, artifact, 'demo:1')
  const path = join(folder.path, 'demo.tar')
  await save(source.store, path)
  await using archive = await ArchiveReader.open(path)
  assert.deepEqual(
    (await archive.list()).map(({ name, root }) => [name, root.digest]),
    [['demo:1', artifact.root.digest]],
  )
  await copy({ store: archive, name: 'demo:1' }, { store: target.store, name: 'demo:1' })
  for (const { blob, bytes } of artifact.all)
    assert.deepEqual(await readBlob(target.store, blob), Buffer.from(bytes))
  const [disk] = artifact.disks
  assert.ok(disk)
  const tail = await archive.open(disk.blob, { from: 99_990 })
  assert.deepEqual(Buffer.concat(await Array.fromAsync(tail)), Buffer.from(disk.bytes.subarray(99_990)))
  await refused(archive.stat(sampleOf('x').blob.digest), 'blob-unknown')
  await refused(archive.resolve('demo:2'), 'reference-unknown')
})

test('the same artifacts make the same archive', async () => {
  await using folder = await temporaryFolder()
  await using source = await newStore()
  await putArtifact(source.store, artifact, 'demo:1')
  const paths = ['a', 'b'].map((name) => join(folder.path, name))
  for (const path of paths) await save(source.store, path)
  const [a, b] = await Promise.all(paths.map((path) => readFile(path)))
  assert.ok(b && a?.equals(b))
})

test('an archive that is not finished leaves nothing and replaces nothing', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'demo.tar')
  await writeFile(path, 'what was there')
  const { blob, bytes } = sampleOf(noise(50_000))
  const run = async () => {
    await using archive = await ArchiveWriter.create(path)
    await archive.put(blob, openerOf(bytes.subarray(1)))
    await archive.finish()
  }
  await refused(run(), 'size-mismatch')
  assert.deepEqual(await filesBelow(folder.path), ['demo.tar'])
  assert.equal(await readFile(path, 'utf8'), 'what was there')
})

test('an archive that cannot be written is refused before anything is read', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'missing', 'demo.tar')
  await refused(ArchiveWriter.create(path), 'file-unwritable', { actual: path, hint: /folder/ })
})

test('many blobs of one archive are read at once without a warning', async () => {
  await using folder = await temporaryFolder()
  await using source = await newStore()
  const many = sampleArtifact({ disks: Array.from({ length: 20 }, (_, index) => noise(9000, index + 2)) })
  await putArtifact(source.store, many, 'demo:1')
  const path = join(folder.path, 'demo.tar')
  await save(source.store, path)
  const warnings: Error[] = []
  const onWarning = (warning: Error) => warnings.push(warning)
  process.on('warning', onWarning)
  try {
    await using archive = await ArchiveReader.open(path)
    const read = await Promise.all(many.disks.map(({ blob }) => readBlob(archive, blob)))
    assert.ok(many.disks.every(({ bytes }, index) => read[index]?.equals(bytes)))
    await new Promise((resolve) => setImmediate(resolve))
  } finally {
    process.off('warning', onWarning)
  }
  assert.deepEqual(warnings, [])
})

test('what is no archive of an OCI layout is refused', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'file.tar')
  await refused(ArchiveReader.open(path), 'file-unreadable', { actual: path })
  await writeFile(path, noise(5000))
  await refused(ArchiveReader.open(path), 'archive-invalid', { actual: path })
  await writeFile(path, '')
  await refused(ArchiveReader.open(path), 'archive-invalid')
  await writeTar(path, { 'oci-layout': '{}' })
  await refused(ArchiveReader.open(path), 'archive-invalid', { hint: /ovm save/ })
  await writeTar(path, { 'index.json': '<html>' })
  await refused(ArchiveReader.open(path), 'manifest-invalid')
})

test('names that would leave the folder of an archive lead nowhere, and other bytes are found out', async () => {
  await using folder = await temporaryFolder()
  await using target = await newStore()
  const path = join(folder.path, 'evil.tar')
  const { root, rootBytes } = artifact
  const entry = { ...root, annotations: { 'org.opencontainers.image.ref.name': 'demo:1' } }
  await writeTar(path, {
    '../../evil': 'x',
    '/etc/evil': 'x',
    [`blobs/sha256/../sha256/${hexOf(root.digest)}`]: 'x',
    [`blobs/sha256/${hexOf(root.digest)}`]: Buffer.from(rootBytes).fill(32, 0, 1),
    'index.json': jsonBytes({ schemaVersion: 2, manifests: [entry] }),
  })
  await using archive = await ArchiveReader.open(path)
  const work = copy({ store: archive, name: 'demo:1' }, { store: target.store, name: 'demo:1' })
  await refused(work, 'digest-mismatch')
  assert.deepEqual([await target.blobs(), await target.store.names()], [[], []])
  assert.deepEqual(await filesBelow(folder.path), ['evil.tar'])
})

async function save(store: Parameters<typeof copy>[0]['store'], path: string): Promise<void> {
  await using archive = await ArchiveWriter.create(path)
  await copy({ store, name: 'demo:1' }, { store: archive, name: 'demo:1' })
  await archive.finish()
}

async function writeTar(path: string, entries: Record<string, string | Buffer>): Promise<void> {
  const tar = pack()
  for (const [name, content] of Object.entries(entries)) tar.entry({ name }, content)
  tar.finalize()
  await pipeline(tar, createWriteStream(path))
}
