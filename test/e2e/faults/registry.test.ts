import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { test } from 'node:test'
import type { ErrorCode } from '../../../src/base/error-codes.ts'
import { digestOf } from '../../../src/model/digest.ts'
import { MAX_MANIFEST_BYTES } from '../../../src/model/json-document.ts'
import { MEDIA_TYPES } from '../../../src/model/media-types.ts'
import { parseReference, type RemoteReference } from '../../../src/model/reference.ts'
import { pull } from '../../../src/packaging/obtain.ts'
import { noise, readBlob, type SampleArtifact, sampleArtifact, sampleOf } from '../../support/blobs.ts'
import { failureOf, refused } from '../../support/refusals.ts'
import { type Misdeed, type RudeRegistry, startRudeRegistry } from '../../support/rude-registry.ts'
import { newStore, type TestStore } from '../../support/stores.ts'

const DISK_BYTES = 4_000_000
const artifact = sampleArtifact({ disks: [noise(DISK_BYTES, 2)] })
const disk = artifact.disks[0]?.blob ?? artifact.kernel.blob
const diskBytes = Buffer.from(artifact.disks[0]?.bytes ?? [])

const refusals: [string, Misdeed, ErrorCode, unknown][] = [
  ['other bytes', { bytes: noise(DISK_BYTES, 3) }, 'digest-mismatch', digestOf(noise(DISK_BYTES, 3))],
  ['too few bytes', { bytes: diskBytes.subarray(0, -1) }, 'size-mismatch', DISK_BYTES - 1],
  ['too many bytes', { bytes: Buffer.concat([diskBytes, Buffer.of(1)]) }, 'size-mismatch', DISK_BYTES + 1],
  ['no bytes', { bytes: Buffer.alloc(0) }, 'size-mismatch', 0],
  [
    'too many bytes without saying how many',
    { bytes: Buffer.concat([diskBytes, noise(100_000)]), chunked: true },
    'size-mismatch',
    undefined,
  ],
]

for (const [what, misdeed, code, actual] of refusals) {
  test(`a registry that sends ${what} for a blob is refused, and nothing of it stays`, async () => {
    await using registry = await startRudeRegistry(artifact, new Map([[disk.digest, misdeed]]))
    await using local = await newStore()
    const error = await refused(pullInto(local, registry), code, { hint: /./ })
    if (actual !== undefined) assert.deepEqual(error.actual, actual)
    await showsNothing(local)
    assert.deepEqual(await local.leftovers(), [])
  })
}

test('a registry that hangs up on the way is asked for the rest, and no byte is sent twice', async () => {
  const misdeed = { breakAfter: 1_500_000, breaks: 2 }
  await using registry = await startRudeRegistry(artifact, new Map([[disk.digest, misdeed]]))
  await using local = await newStore()
  const { result } = await pullInto(local, registry)
  assert.ok((await readBlob(local.store, disk)).equals(diskBytes))
  assert.equal(result.moved, sizeOf(artifact))
  assert.equal(blobRequests(registry).length, 3)
  assert.match(blobRequests(registry)[1] ?? '', /bytes=\d+-3999999$/)
  assert.deepEqual(await local.leftovers(), [])
})

test('a registry that ignores ranges is skipped to where the line broke', async () => {
  const misdeed = { breakAfter: 1_500_000, breaks: 1, ignoresRanges: true }
  await using registry = await startRudeRegistry(artifact, new Map([[disk.digest, misdeed]]))
  await using local = await newStore()
  await pullInto(local, registry)
  assert.ok((await readBlob(local.store, disk)).equals(diskBytes))
})

test('a registry that hangs up for good: what arrived stays, and the next pull fetches only the rest', async () => {
  const misdeed = { breakAfter: 1_500_000, ignoresRanges: true }
  await using registry = await startRudeRegistry(artifact, new Map([[disk.digest, misdeed]]))
  await using local = await newStore()
  await refused(pullInto(local, registry), 'transfer-interrupted', {
    actual: 1_500_000,
    hint: /same command again/,
  })
  await showsNothing(local)
  assert.equal((await stat(local.store.paths.partial(disk.digest))).size, 1_500_000)
  registry.misdeeds.clear()
  registry.sent.bytes = 0
  const { result } = await pullInto(local, registry)
  const rest = DISK_BYTES - 1_500_000
  assert.ok(registry.sent.bytes < rest + 10_000, `${registry.sent.bytes} bytes were sent`)
  assert.ok(result.kept >= 1_500_000 && result.moved < rest + 10_000, JSON.stringify(result))
  assert.match(blobRequests(registry).at(-1) ?? '', /bytes=1500000-3999999$/)
  assert.ok((await readBlob(local.store, disk)).equals(diskBytes))
  assert.deepEqual(await local.leftovers(), [])
})

test('a pull that is interrupted keeps what arrived, and ends with the reason', async () => {
  await using registry = await startRudeRegistry(
    artifact,
    new Map([[disk.digest, { stallAfter: 1_000_000 }]]),
  )
  await using local = await newStore()
  const controller = new AbortController()
  const reason = new Error('Ctrl-C')
  let moved = 0
  const onEvent = (event: { is: string; bytes?: number }) => {
    moved += event.is === 'bytes' ? (event.bytes ?? 0) : 0
    if (moved >= 1_000_000) controller.abort(reason)
  }
  assert.equal(await failureOf(pullInto(local, registry, { signal: controller.signal, onEvent })), reason)
  await showsNothing(local)
  assert.deepEqual(await local.leftovers(), [`ingest/sha256-${disk.digest.slice(7)}.part`])
  registry.misdeeds.clear()
  const { result } = await pullInto(local, registry)
  assert.ok(result.kept >= 900_000, `${result.kept} bytes were kept`)
})

test('a registry that is not there is told by name', async () => {
  await using local = await newStore()
  const registry = await startRudeRegistry(artifact)
  await registry[Symbol.asyncDispose]()
  await using again = await startRudeRegistry(artifact)
  const reference = parseReference(`${registry.address}/demo:1`) as RemoteReference
  const openRepository = () => again.openRepository(reference)
  await refused(pull({ store: local.store, openRepository }, reference), 'registry-unreachable', {
    actual: registry.address,
    hint: /./,
  })
})

const manifests: [string, SampleArtifact, ErrorCode | readonly ErrorCode[], unknown?][] = [
  [
    'a manifest over 4 MiB',
    rooted(Buffer.alloc(MAX_MANIFEST_BYTES + 1, 32)),
    'manifest-too-large',
    MAX_MANIFEST_BYTES + 1,
  ],
  ['a manifest that is not JSON', rooted('<html>Sign in</html>'), 'manifest-invalid', '<html>Sign in</html>'],
  ['a manifest that is something else', rooted('{"hello":"world"}'), 'manifest-invalid'],
  [
    'a manifest with a digest of an unknown algorithm',
    rooted(artifact.rootBytes.toString().replace(disk.digest, 'md5:d41d8cd98f00b204e9800998ecf8427e')),
    'digest-unsupported',
    'md5:d41d8cd98f00b204e9800998ecf8427e',
  ],
  [
    'a manifest with a digest that is a path',
    rooted(artifact.rootBytes.toString().replace(disk.digest, 'sha256:../../../../etc/passwd')),
    'digest-invalid',
    'sha256:../../../../etc/passwd',
  ],
  [
    'an OVMS manifest that is not JSON',
    sampleArtifact({ manifestBytes: Buffer.from('name: tiny') }),
    'manifest-invalid',
  ],
  [
    'an OVMS manifest over 4 MiB',
    sampleArtifact({ manifestBytes: Buffer.alloc(MAX_MANIFEST_BYTES + 1, 32) }),
    'manifest-too-large',
  ],
  [
    'no virtual machine',
    rooted(JSON.stringify(container())),
    'artifact-unsupported',
    'application/vnd.oci.image.config.v1+json',
  ],
]

for (const [what, served, code, actual] of manifests) {
  test(`${what} is refused before a blob is fetched`, async () => {
    await using registry = await startRudeRegistry(served)
    await using local = await newStore()
    const error = await refused(pullInto(local, registry), code, { hint: /./ })
    if (actual !== undefined) assert.deepEqual(error.actual, actual)
    assert.deepEqual([await local.blobs(), await local.leftovers()], [[], []])
    assert.deepEqual(await local.store.names(), [])
  })
}

test('a manifest that has not the digest it was asked by is refused', async () => {
  const other = sampleArtifact({ more: { name: 'other' } })
  const misdeeds = new Map([[artifact.root.digest, { bytes: other.rootBytes }]])
  await using registry = await startRudeRegistry(artifact, misdeeds)
  await using local = await newStore()
  await refused(pullInto(local, registry), ['digest-mismatch', 'size-mismatch'], { hint: /./ })
  assert.deepEqual([await local.blobs(), await local.leftovers(), await local.store.names()], [[], [], []])
})

function pullInto(local: TestStore, registry: RudeRegistry, options: Parameters<typeof pull>[2] = {}) {
  const reference = parseReference(`${registry.address}/demo:1`) as RemoteReference
  return pull({ store: local.store, openRepository: registry.openRepository }, reference, options)
}

async function showsNothing(local: TestStore): Promise<void> {
  assert.equal(await local.store.has(disk), false)
  assert.equal(await local.store.has(artifact.root), false)
  assert.deepEqual(await local.store.names(), [])
}

function blobRequests({ requests }: RudeRegistry): readonly string[] {
  return requests.filter((line) => line.startsWith('GET') && line.includes(disk.digest))
}

function sizeOf({ all }: SampleArtifact): number {
  return all.reduce((sum, { blob }) => sum + blob.size, 0)
}

/** An artifact whose root is other bytes, under their right digest. */
function rooted(bytes: Uint8Array | string): SampleArtifact {
  const root = sampleOf(bytes, MEDIA_TYPES.ociManifest)
  const rest = artifact.all.slice(0, -1)
  return { ...artifact, root: root.blob, rootBytes: Buffer.from(root.bytes), all: [...rest, root] }
}

function container(): object {
  const descriptor = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: disk.digest, size: 2 }
  return { schemaVersion: 2, config: descriptor, layers: [] }
}
