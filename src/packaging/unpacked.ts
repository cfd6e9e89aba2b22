import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, OvmsError } from '../base/error.ts'
import type { Signalled } from '../base/signal.ts'
import { openerOf } from '../base/streams.ts'
import { DISK_FORMATS } from '../block/disk-image.ts'
import type { ContentSink } from '../content/ports.ts'
import type { TransferListener } from '../content/transfer-event.ts'
import { blobDigest } from '../model/blob-reference.ts'
import type { Descriptor } from '../model/descriptor.ts'
import { type Digest, digestOf } from '../model/digest.ts'
import { MAX_MANIFEST_BYTES } from '../model/json-document.ts'
import { ANNOTATIONS, MEDIA_TYPES } from '../model/media-types.ts'
import { EMPTY_CONFIG } from '../model/oci-manifest.ts'
import { type OvmsManifest, parseOvmsManifest } from '../model/ovms-manifest.ts'
import { ociManifestBytes } from './oci-form.ts'
import { locateBlobs } from './unpacked-files.ts'

/**
 * Brings an unpacked artifact - `manifest.json` beside its blobs - into a store, in the one form that OVMS writes. It
 * gets no name. spec/artifact.md
 *
 * @throws {OvmsError} `archive-invalid`, `manifest-invalid`, `digest-mismatch`, `size-mismatch`
 */
export async function importUnpacked(
  folder: string,
  sink: ContentSink,
  options: Signalled & { readonly onEvent?: TransferListener | undefined } = {},
): Promise<Descriptor> {
  const bytes = await readPart(join(folder, 'manifest.json'))
  const { value: manifest } = parseOvmsManifest(bytes)
  const wanted = parts(manifest)
  const digests = wanted.map(({ ref }) => blobDigest(ref))
  const paths = await locateBlobs(folder, digests, options).catch((cause: unknown) => {
    options.signal?.throwIfAborted()
    return refuse(folder, cause)
  })
  const pathOf = (digest: Digest) => paths.get(digest) ?? refuse(folder, new Error(`${digest} is not there`))
  const blobs = await Promise.all(wanted.map((part) => describePart(part, pathOf)))
  for (const blob of blobs) await putFile(blob, pathOf(blob.digest), sink, options)
  const manifestBlob = {
    ...describe(bytes, MEDIA_TYPES.ovmsManifest),
    annotations: { [ANNOTATIONS.title]: 'manifest.json' },
  }
  const ociBytes = ociManifestBytes(manifestBlob, blobs)
  const root = describe(ociBytes, MEDIA_TYPES.ociManifest)
  await sink.put(EMPTY_CONFIG.descriptor, openerOf(EMPTY_CONFIG.bytes), options)
  await sink.put(manifestBlob, openerOf(bytes), { signal: options.signal })
  await sink.put(root, openerOf(ociBytes), { signal: options.signal })
  return root
}

interface Part {
  readonly ref: string
  readonly mediaType: string
  readonly annotations: Record<string, string>
}

function parts({ kernel, initrd, diskLayers, ramSnapshot }: OvmsManifest): Part[] {
  const memoryType =
    ramSnapshot?.compression === 'zstd' ? MEDIA_TYPES.ramSnapshotZstd : MEDIA_TYPES.ramSnapshotLz4
  const part = (ref: string, mediaType: string, title: string, more = {}): Part => ({
    ref,
    mediaType,
    annotations: { [ANNOTATIONS.title]: title, ...more },
  })
  return [
    ...(kernel ? [part(kernel.ref, MEDIA_TYPES.kernel, 'kernel')] : []),
    ...(initrd ? [part(initrd.ref, MEDIA_TYPES.initrd, 'initrd')] : []),
    ...(diskLayers ?? []).map(({ ref, format }, index) =>
      part(ref, MEDIA_TYPES.disk, diskTitle(index, format), { [ANNOTATIONS.format]: format }),
    ),
    ...(ramSnapshot ? [part(ramSnapshot.ref, memoryType, 'memory')] : []),
  ]
}

async function describePart(
  { ref, mediaType, annotations }: Part,
  pathOf: (digest: Digest) => string,
): Promise<Descriptor> {
  const digest = blobDigest(ref)
  const { size } = await requireFile(pathOf(digest))
  return { mediaType, digest, size, annotations }
}

async function putFile(
  blob: Descriptor,
  path: string,
  sink: ContentSink,
  { signal, onEvent }: Signalled & { readonly onEvent?: TransferListener | undefined },
): Promise<void> {
  const { digest, size } = blob
  onEvent?.({ is: 'begin', id: digest, title: blob.annotations?.[ANNOTATIONS.title] ?? digest, size })
  const isPresent = await sink.has(blob, { signal })
  if (!isPresent) {
    const onBytes = (bytes: number, how: 'moved' | 'kept') =>
      onEvent?.({ is: 'bytes', id: digest, bytes, how })
    await sink.put(blob, async (start) => createReadStream(path, { start }), { signal, onBytes })
  }
  onEvent?.({ is: 'end', id: digest, how: isPresent ? 'present' : 'copied' })
}

async function readPart(path: string): Promise<Uint8Array> {
  const { size } = await requireFile(path)
  if (size > MAX_MANIFEST_BYTES) {
    throw new OvmsError(
      'manifest-too-large',
      `${path} has ${size} bytes, the limit is ${MAX_MANIFEST_BYTES}`,
      { actual: size },
    )
  }
  return readFile(path).catch((cause: unknown) => refuse(path, cause))
}

/** A pipe or device would never end. */
async function requireFile(path: string): Promise<{ readonly size: number }> {
  const found = await stat(path).catch((cause: unknown) => refuse(path, cause))
  return found.isFile() ? found : refuse(path, new Error('it is not a regular file'))
}

/** The format comes from a stranger; only one that is known becomes part of a file name. */
function diskTitle(index: number, format: string): string {
  const ending = DISK_FORMATS.find((known) => known === format)
  return ending === undefined ? `disk-${index}` : `disk-${index}.${ending}`
}

function refuse(path: string, cause: unknown): never {
  throw new OvmsError('archive-invalid', `Cannot read ${path}: ${messageOf(cause)}`, {
    cause,
    actual: path,
    hint: 'An unpacked artifact has manifest.json, and blobs/sha256-<hex> or a file beside it for each digest in it',
  })
}

function describe(bytes: Uint8Array, mediaType: string): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length }
}
