import type { Signalled } from '../base/signal.ts'
import { blobDigest } from '../model/blob-reference.ts'
import type { Descriptor } from '../model/descriptor.ts'
import { isIndexType, isManifestType, MEDIA_TYPES } from '../model/media-types.ts'
import { parseOciIndex } from '../model/oci-index.ts'
import { parseOciManifest } from '../model/oci-manifest.ts'
import { type OvmsManifest, parseOvmsManifest } from '../model/ovms-manifest.ts'
import type { BlobSource, BlobStat } from './ports.ts'

/** Whether a blob names other blobs: a manifest or an index. */
export function hasSuccessors({ mediaType }: Descriptor): boolean {
  return isManifestType(mediaType) || isIndexType(mediaType)
}

/** As {@link hasSuccessors}, for a blob that stands at the top: an OVMS manifest may be served as the manifest itself. */
export function isTree(root: Descriptor): boolean {
  return hasSuccessors(root) || root.mediaType === MEDIA_TYPES.ovmsManifest
}

/**
 * What a manifest or index needs to be whole, in its own order: config and layers, or manifests. A subject is not
 * among them: it may be missing (distribution-spec, "Pushing Manifests with Subject").
 *
 * @throws {OvmsError} `manifest-invalid`, `digest-invalid`, `digest-unsupported`
 */
export async function successors(
  blob: Descriptor,
  bytes: Uint8Array,
  source: BlobSource & Partial<BlobStat>,
  options: Signalled = {},
): Promise<readonly Descriptor[]> {
  if (isIndexType(blob.mediaType)) return parseOciIndex(bytes).value.manifests
  if (blob.mediaType === MEDIA_TYPES.ovmsManifest)
    return bareSuccessors(parseOvmsManifest(bytes).value, source, options)
  const { config, layers } = parseOciManifest(bytes).value
  return [config, ...layers]
}

/** An OVMS manifest that is served as the manifest itself names its blobs by digest only. */
async function bareSuccessors(
  manifest: OvmsManifest,
  source: Partial<BlobStat>,
  options: Signalled,
): Promise<Descriptor[]> {
  const parts = [
    ...(manifest.kernel ? [{ ref: manifest.kernel.ref, mediaType: MEDIA_TYPES.kernel }] : []),
    ...(manifest.initrd ? [{ ref: manifest.initrd.ref, mediaType: MEDIA_TYPES.initrd }] : []),
    ...(manifest.diskLayers ?? []).map(({ ref }) => ({ ref, mediaType: MEDIA_TYPES.disk })),
    ...(manifest.ramSnapshot
      ? [{ ref: manifest.ramSnapshot.ref, mediaType: MEDIA_TYPES.ramSnapshotLz4 }]
      : []),
  ]
  const blobs: Descriptor[] = []
  for (const { ref, mediaType } of parts) {
    if (!source.stat) continue
    const digest = blobDigest(ref)
    blobs.push({ mediaType, digest, size: (await source.stat(digest, options)).size })
  }
  return blobs
}
