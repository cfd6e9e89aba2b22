import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openerOf } from '../../../src/base/streams.ts'
import { copy } from '../../../src/content/copy.ts'
import { ArchiveWriter } from '../../../src/layout/archive-writer.ts'
import { LayoutRepositories } from '../../../src/layout/repositories.ts'
import { digestOf } from '../../../src/model/digest.ts'
import { parseReference, type RemoteReference } from '../../../src/model/reference.ts'
import { build } from '../../../src/packaging/build.ts'
import { pull } from '../../../src/packaging/obtain.ts'
import { noise, putArtifact, sampleArtifact, sampleOf } from '../../support/blobs.ts'
import { filesBelow, temporaryFolder } from '../../support/folders.ts'
import { refused } from '../../support/refusals.ts'
import { startRegistry } from '../../support/registries.ts'
import { startRudeRegistry } from '../../support/rude-registry.ts'
import { type SmallDisk, smallDisk } from '../../support/small-disk.ts'
import { newStore, openStore } from '../../support/stores.ts'
import { requireWhole } from '../../support/whole.ts'

const artifact = sampleArtifact({ disks: [noise(8_000_000, 2)] })
const hint = /ovm prune/

test('a pull onto a full disk is told so, leaves no partial blob, and works once there is room', async (context) => {
  await using disk = await diskOrSkip(context, 4)
  if (!disk) return
  await using registry = await startRudeRegistry(artifact)
  const local = await openStore(join(disk.path, 'store'))
  const reference = parseReference(`${registry.address}/demo:1`) as RemoteReference
  const sources = { store: local.store, openRepository: registry.openRepository }
  await refused(pull(sources, reference), 'store-full', { hint })
  assert.deepEqual([await local.leftovers(), await local.store.names()], [[], []])
  disk.resize(20)
  await pull(sources, reference)
  await requireWhole(local.store, `${registry.address}/demo:1`)
})

test('a build onto a full disk is told so and leaves nothing', async (context) => {
  await using disk = await diskOrSkip(context, 4)
  if (!disk) return
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'vmlinuz')
  await writeFile(file, noise(8_000_000))
  const local = await openStore(join(disk.path, 'store'))
  const run = async () => {
    await using lease = await local.store.lease()
    await build({ kernel: { file } }, lease, { name: 'demo', version: '1' })
  }
  await refused(run(), 'store-full', { hint })
  assert.deepEqual([await local.blobs(), await local.leftovers()], [[], []])
  disk.resize(20)
  await run()
})

test('a disk without a byte of room is told as full wherever something is written', async (context) => {
  await using disk = await diskOrSkip(context, 2)
  if (!disk) return
  const local = await openStore(join(disk.path, 'store'))
  const root = sampleOf('{}').blob
  await local.store.put(root, openerOf(Buffer.from('{}')))
  disk.fill()
  const { blob, bytes } = sampleOf(noise(10_000))
  await refused(local.store.put(blob, openerOf(bytes)), 'store-full', { hint })
  await refused(local.store.tag('demo:1', root), 'store-full', { hint })
  await using lease = await local.store.lease()
  await refused(lease.has(blob), 'store-full', { hint })
  assert.deepEqual(await local.store.names(), [])
})

test('an archive on a full disk is told so by its own name, and leaves nothing', async (context) => {
  await using disk = await diskOrSkip(context, 4)
  if (!disk) return
  await using local = await newStore()
  await putArtifact(local.store, artifact, 'demo:1')
  const path = join(disk.path, 'demo.tar')
  const run = async () => {
    await using archive = await ArchiveWriter.create(path)
    await copy({ store: local.store, name: 'demo:1' }, { store: archive, name: 'demo:1' })
    await archive.finish()
  }
  await refused(run(), 'file-unwritable', { actual: path, hint: /another/ })
  assert.deepEqual(await filesBelow(disk.path), [])
  disk.resize(20)
  await run()
})

test('a registry on a full disk says so, and no blob of other bytes becomes visible', async (context) => {
  await using disk = await diskOrSkip(context, 4)
  if (!disk) return
  const repositories = new LayoutRepositories(join(disk.path, 'registry'))
  await using registry = await startRegistry(repositories)
  const bytes = noise(8_000_000)
  const begun = await fetch(`http://${registry.address}/v2/a/blobs/uploads/`, { method: 'POST' })
  const place = new URL(begun.headers.get('location') ?? '', begun.url)
  const patch = (from: number, to: number) =>
    fetch(place, { method: 'PATCH', body: bytes.subarray(from, to) })
  assert.equal((await patch(0, 1_000_000)).status, 202)
  const full = await patch(1_000_000, 8_000_000).catch((error: unknown) => error as Error)
  if (full instanceof Response) assert.equal(full.status, 507, await full.text())
  place.searchParams.set('digest', digestOf(bytes))
  const committed = await fetch(place, { method: 'PUT' })
  assert.equal(committed.status, 507, await committed.text())
  const { blob } = sampleOf(bytes)
  assert.equal(await (await repositories.create('a')).has(blob), false)
  const small = sampleOf(noise(1_000_000, 3))
  await registry.repository('a').put(small.blob, openerOf(small.bytes))
})

async function diskOrSkip(context: TestContext, megabytes: number): Promise<SmallDisk | undefined> {
  const disk = await smallDisk(megabytes)
  if (typeof disk !== 'string') return disk
  context.skip(disk)
  return undefined
}
