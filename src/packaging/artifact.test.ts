import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noise, putArtifact, type Sample, sampleArtifact, sampleOf } from '../../test/support/blobs.ts'
import { refused } from '../../test/support/refusals.ts'
import { openerOf } from '../base/streams.ts'
import { MemoryStore } from '../content/memory-store.ts'
import type { Descriptor } from '../model/descriptor.ts'
import { jsonBytes } from '../model/json-document.ts'
import { MEDIA_TYPES } from '../model/media-types.ts'
import { EMPTY_CONFIG } from '../model/oci-manifest.ts'
import { blobOf, readArtifact, requireConsistent } from './artifact.ts'

const artifact = sampleArtifact({ disks: [noise(9000, 2)] })
const ovms = sampleOf(artifact.manifestBytes, MEDIA_TYPES.ovmsManifest)
const kernel = artifact.kernel.blob
const disk = artifact.disks[0]?.blob ?? kernel
const config = EMPTY_CONFIG.descriptor

interface OciManifest {
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
  readonly artifactType?: string
}

const bare = ({ mediaType, digest, size }: Descriptor): Descriptor => ({ mediaType, digest, size })
const titled = (blob: Descriptor, title: string) => ({
  ...blob,
  annotations: { 'org.opencontainers.image.title': title },
})

const forms: [string, OciManifest][] = [
  [
    'as OVMS writes it',
    { config, artifactType: MEDIA_TYPES.ovmsManifest, layers: [ovms.blob, kernel, disk] },
  ],
  ['without an artifact type', { config, layers: [ovms.blob, kernel, disk] }],
  ['with the OVMS manifest last', { config, layers: [kernel, disk, ovms.blob] }],
  ['with the OVMS manifest as config', { config: ovms.blob, layers: [kernel, disk] }],
  ['without titles', { config, layers: [ovms.blob, bare(kernel), bare(disk)] }],
  [
    'with the OVMS manifest known by its title only',
    {
      config,
      artifactType: MEDIA_TYPES.ovmsManifest,
      layers: [titled({ ...bare(ovms.blob), mediaType: 'application/json' }, 'manifest.json'), kernel, disk],
    },
  ],
]

for (const [what, form] of forms) {
  test(`an artifact is read ${what}`, async () => {
    const store = await storeWith(artifact.kernel, ...artifact.disks, ovms)
    const read = await readArtifact(store, await put(store, { schemaVersion: 2, ...form }))
    assert.deepEqual(read.manifest, JSON.parse(artifact.manifestBytes.toString()))
    assert.equal(read.manifestBlob.digest, ovms.blob.digest)
    assert.deepEqual(
      read.blobs.map(({ digest }) => digest),
      [kernel.digest, disk.digest],
    )
    assert.deepEqual(requireConsistent(read), [])
  })
}

test('an OVMS manifest may be served as the manifest itself', async () => {
  const store = await storeWith(artifact.kernel, ...artifact.disks, ovms)
  const { root, manifestBlob, blobs } = await readArtifact(store, ovms.blob)
  assert.equal(root, manifestBlob)
  assert.deepEqual(
    blobs.map(({ digest, size }) => [digest, size]),
    [kernel, disk].map(({ digest, size }) => [digest, size]),
  )
})

test('a RAM snapshot may stand in the place of the config', async () => {
  const memory = sampleOf(noise(500, 6), MEDIA_TYPES.ramSnapshotLz4)
  const store = await storeWith(artifact.kernel, memory, ovms)
  const root = await put(store, { schemaVersion: 2, config: memory.blob, layers: [ovms.blob, kernel] })
  const { blobs } = await readArtifact(store, root)
  assert.deepEqual(
    blobs.map(({ digest }) => digest),
    [memory.blob.digest, kernel.digest],
  )
})

test('of an index the manifest for an architecture is taken, by any of its names', async () => {
  const store = new MemoryStore()
  const arm = sampleArtifact({ more: { name: 'arm' } })
  await putArtifact(store, artifact, 'amd')
  await putArtifact(store, arm, 'arm')
  const entry = (root: Descriptor, architecture: string) => ({
    ...root,
    platform: { architecture, os: 'linux' },
  })
  const manifests = [entry(artifact.root, 'amd64'), entry(arm.root, 'arm64')]
  const index = sampleOf(jsonBytes({ schemaVersion: 2, manifests }), MEDIA_TYPES.ociIndex)
  await store.put(index.blob, openerOf(index.bytes))
  const nameFor = async (architecture: string) =>
    (await readArtifact(store, index.blob, { architecture })).manifest.name
  for (const name of ['x86_64', 'amd64', 'x64']) assert.equal(await nameFor(name), 'sample')
  for (const name of ['aarch64', 'arm64']) assert.equal(await nameFor(name), 'arm')
  await refused(nameFor('riscv64'), 'artifact-unsupported', { actual: 'amd64, arm64', hint: /--platform/ })
})

test('what is no virtual machine is refused by its type', async () => {
  const image = sampleOf('{}', 'application/vnd.oci.image.config.v1+json')
  const store = await storeWith(image)
  const root = await put(store, { schemaVersion: 2, config: image.blob, layers: [] })
  await refused(readArtifact(store, root), 'artifact-unsupported', {
    actual: image.blob.mediaType,
    hint: /layer/,
  })
})

test('a title that is a path makes the whole artifact be refused', async () => {
  const store = await storeWith(artifact.kernel, ...artifact.disks, ovms)
  const layers = [ovms.blob, titled(bare(kernel), '../../etc/passwd'), disk]
  const read = await readArtifact(store, await put(store, { schemaVersion: 2, config, layers }))
  await refused(() => requireConsistent(read), 'artifact-invalid', {
    message: /title-unsafe/,
    hint: /ovm validate/,
  })
})

test('a ref is found among the blobs or named as missing', async () => {
  const store = await storeWith(artifact.kernel, ovms)
  const read = await readArtifact(
    store,
    await put(store, { schemaVersion: 2, config, layers: [ovms.blob, kernel] }),
  )
  assert.equal(blobOf(read, kernel.digest, 'kernel').size, kernel.size)
  await refused(() => blobOf(read, disk.digest, 'disk'), 'artifact-invalid', { actual: disk.digest })
  await refused(() => requireConsistent(read), 'artifact-invalid', {
    message: /diskLayers\.0\.ref.*blob-missing/,
  })
})

async function storeWith(...samples: readonly Sample[]): Promise<MemoryStore> {
  const store = new MemoryStore()
  await store.put(config, openerOf(EMPTY_CONFIG.bytes))
  for (const { blob, bytes } of samples) await store.put(blob, openerOf(bytes))
  return store
}

async function put(store: MemoryStore, document: object): Promise<Descriptor> {
  const { blob, bytes } = sampleOf(jsonBytes(document), MEDIA_TYPES.ociManifest)
  await store.put(blob, openerOf(bytes))
  return blob
}
