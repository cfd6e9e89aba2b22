import { createCipheriv } from 'node:crypto'
import { collect, openerOf } from '../../src/base/streams.ts'
import type { ContentSink, ContentSource } from '../../src/content/ports.ts'
import type { Descriptor } from '../../src/model/descriptor.ts'
import { type Algorithm, digestOf } from '../../src/model/digest.ts'
import { jsonBytes } from '../../src/model/json-document.ts'
import { ANNOTATIONS, MEDIA_TYPES } from '../../src/model/media-types.ts'
import { EMPTY_CONFIG } from '../../src/model/oci-manifest.ts'
import { ociManifestBytes } from '../../src/packaging/oci-form.ts'

export interface Sample {
  readonly blob: Descriptor
  readonly bytes: Uint8Array
}

/** Bytes as a blob of the type that has no successors. */
export function sampleOf(
  bytes: Uint8Array | string,
  mediaType = 'application/octet-stream',
  algorithm: Algorithm = 'sha256',
): Sample {
  const buffer = Buffer.from(bytes)
  return { bytes: buffer, blob: { mediaType, digest: digestOf(buffer, algorithm), size: buffer.length } }
}

/** Bytes that nothing compresses, the same for the same seed. */
export function noise(size: number, seed = 1): Buffer {
  const key = Buffer.alloc(16, seed)
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size))
}

export interface SampleArtifact {
  readonly root: Descriptor
  readonly rootBytes: Buffer
  readonly manifestBytes: Uint8Array
  readonly kernel: Sample
  readonly disks: readonly Sample[]
  /** All that the root leads to, itself last: in an order in which a registry takes it. */
  readonly all: readonly Sample[]
}

export interface ArtifactParts {
  readonly kernel?: Uint8Array
  readonly disks?: readonly Uint8Array[]
  /** The OVMS manifest's bytes instead of those made of the parts. */
  readonly manifestBytes?: Uint8Array
  /** Fields that the OVMS manifest gets beside those made of the parts. */
  readonly more?: object
  readonly annotations?: Readonly<Record<string, string>>
  /** Layers of which only the descriptors are known here; they are not among `all`. */
  readonly layers?: readonly Descriptor[]
}

/** A small artifact in the form OVMS writes: a kernel that is none, and raw disks that are noise. */
export function sampleArtifact(parts: ArtifactParts = {}): SampleArtifact {
  const kernel = titled(sampleOf(parts.kernel ?? noise(3000, 7), MEDIA_TYPES.kernel), 'kernel')
  const disks = (parts.disks ?? []).map((bytes, index) =>
    titled(sampleOf(bytes, MEDIA_TYPES.disk), `disk-${index}.raw`, { [ANNOTATIONS.format]: 'raw' }),
  )
  const manifest = {
    schemaVersion: 1,
    mediaType: MEDIA_TYPES.ovmsManifest,
    name: 'sample',
    version: '1',
    kernel: { ref: kernel.blob.digest },
    ...(disks.length > 0 && { diskLayers: disks.map(({ blob }) => ({ ref: blob.digest, format: 'raw' })) }),
    ...parts.more,
  }
  const manifestBytes = parts.manifestBytes ?? jsonBytes(manifest)
  const ovms = titled(sampleOf(manifestBytes, MEDIA_TYPES.ovmsManifest), 'manifest.json')
  const blobs = [...[kernel, ...disks].map(({ blob }) => blob), ...(parts.layers ?? [])]
  const rootBytes = ociManifestBytes(ovms.blob, blobs, parts.annotations)
  const root = sampleOf(rootBytes, MEDIA_TYPES.ociManifest)
  const config = { blob: EMPTY_CONFIG.descriptor, bytes: EMPTY_CONFIG.bytes }
  return {
    root: root.blob,
    rootBytes,
    manifestBytes,
    kernel,
    disks,
    all: [config, ovms, kernel, ...disks, root],
  }
}

function titled({ blob, bytes }: Sample, title: string, more: Record<string, string> = {}): Sample {
  return { bytes, blob: { ...blob, annotations: { [ANNOTATIONS.title]: title, ...more } } }
}

/** Puts all of an artifact into a store and names it. */
export async function putArtifact(sink: ContentSink, artifact: SampleArtifact, name: string): Promise<void> {
  for (const { blob, bytes } of artifact.all) await sink.put(blob, openerOf(bytes))
  await sink.tag(name, artifact.root)
}

export async function readBlob(source: Pick<ContentSource, 'open'>, blob: Descriptor): Promise<Buffer> {
  return collect(await source.open(blob), blob.size, blob.digest)
}
