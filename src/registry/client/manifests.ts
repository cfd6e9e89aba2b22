import { OvmsError } from '../../base/error.ts'
import type { Signalled } from '../../base/signal.ts'
import { collect } from '../../base/streams.ts'
import { checkDigest } from '../../content/verified.ts'
import type { Descriptor } from '../../model/descriptor.ts'
import { type Digest, digestOf, isDigest, parseDigest } from '../../model/digest.ts'
import { MAX_MANIFEST_BYTES } from '../../model/json-document.ts'
import { DOCKER_MEDIA_TYPES, MEDIA_TYPES } from '../../model/media-types.ts'
import type { RegistryConnection, RegistryResponse } from './connection.ts'

const ACCEPT = [
  MEDIA_TYPES.ociManifest,
  MEDIA_TYPES.ociIndex,
  MEDIA_TYPES.ovmsManifest,
  DOCKER_MEDIA_TYPES.manifest,
  DOCKER_MEDIA_TYPES.index,
].join(', ')

interface ManifestPlace {
  readonly connection: RegistryConnection
  readonly repository: string
}

/**
 * What a tag or digest stands for; with its bytes where the registry could not say it without them.
 *
 * @throws {OvmsError} `reference-unknown`, `manifest-too-large`, `digest-mismatch`
 */
export async function resolveManifest(
  place: ManifestPlace,
  name: string,
  { signal }: Signalled = {},
): Promise<{ readonly descriptor: Descriptor; readonly bytes?: Buffer }> {
  const response = await requestManifest(place, name, 'HEAD', signal)
  await response.body.dump()
  const digest = response.header('docker-content-digest')
  const size = Number(response.header('content-length') ?? Number.NaN)
  const mediaType = mediaTypeOf(response)
  // Old registries leave one or the other out; then the body is the only witness.
  if (digest === undefined || !Number.isSafeInteger(size) || mediaType === undefined) {
    return fetchManifest(place, name, { signal })
  }
  const parsed = parseDigest(digest)
  if (isDigest(name)) checkDigest(name, parsed)
  return { descriptor: { mediaType, digest: parsed, size } }
}

/**
 * A manifest's bytes, exactly as they are stored, checked against the digest asked for.
 *
 * @throws {OvmsError} `reference-unknown`, `manifest-too-large`, `digest-mismatch`
 */
export async function fetchManifest(
  place: ManifestPlace,
  name: string,
  { signal }: Signalled = {},
): Promise<{ readonly descriptor: Descriptor; readonly bytes: Buffer }> {
  const response = await requestManifest(place, name, 'GET', signal)
  const bytes = await collect(response.body, MAX_MANIFEST_BYTES, `The manifest ${name}`)
  const algorithm = name.startsWith('sha512:') ? 'sha512' : 'sha256'
  const digest = digestOf(bytes, algorithm)
  if (isDigest(name)) checkDigest(name, digest)
  const mediaType = mediaTypeOf(response) ?? MEDIA_TYPES.ociManifest
  return { descriptor: { mediaType, digest, size: bytes.length }, bytes }
}

/** Stores a manifest under a tag or its digest. */
export async function putManifest(
  { connection, repository }: ManifestPlace,
  name: string | Digest,
  manifest: { readonly mediaType: string; readonly bytes: Uint8Array },
  { signal }: Signalled = {},
): Promise<void> {
  const response = await connection.sendAgain({
    method: 'PUT',
    path: `/v2/${repository}/manifests/${name}`,
    headers: { 'content-type': manifest.mediaType },
    body: manifest.bytes,
    expect: [201],
    signal,
  })
  await response.body.dump()
}

async function requestManifest(
  { connection, repository }: ManifestPlace,
  name: string,
  method: 'GET' | 'HEAD',
  signal: AbortSignal | undefined,
): Promise<RegistryResponse> {
  const path = `/v2/${repository}/manifests/${name}`
  const response = await connection.sendAgain({
    method,
    path,
    headers: { accept: ACCEPT },
    expect: [200, 404],
    signal,
  })
  if (response.status === 200) return response
  await response.body.dump()
  const separator = isDigest(name) ? '@' : ':'
  throw new OvmsError('reference-unknown', `${connection.registry} has no ${repository}${separator}${name}`, {
    actual: name,
    hint: 'Check the spelling of repository and tag',
  })
}

function mediaTypeOf(response: RegistryResponse): string | undefined {
  return response.header('content-type')?.split(';', 1)[0]?.trim()
}
