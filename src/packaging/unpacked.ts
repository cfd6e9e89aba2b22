import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, OvmsError } from '../base/error.ts'
import type { Signalled } from '../base/signal.ts'
import { type Bytes, openerOf, untilAbort } from '../base/streams.ts'
import { DISK_FORMATS } from '../block/disk-image.ts'
import type { OpenOptions } from '../content/ports.ts'
import { blobDigest } from '../model/blob-reference.ts'
import type { Descriptor } from '../model/descriptor.ts'
import { type Digest, digestOf } from '../model/digest.ts'
import { MAX_MANIFEST_BYTES } from '../model/json-document.ts'
import { ANNOTATIONS, MEDIA_TYPES } from '../model/media-types.ts'
import { EMPTY_CONFIG } from '../model/oci-manifest.ts'
import { type OvmsManifest, parseOvmsManifest } from '../model/ovms-manifest.ts'
import type { FolderSource } from './folder-source.ts'
import { ociManifestBytes } from './oci-form.ts'
import { locateBlobs } from './unpacked-files.ts'

/** Bytes read from a blob's file at once. */
const READ_BYTES = 256 * 1024

/**
 * Reads an unpacked artifact - `manifest.json` beside its blobs - as if it were in the one form that OVMS writes.
 * spec/artifact.md
 *
 * @throws {OvmsError} `archive-invalid`, `manifest-invalid`, `manifest-too-large`
 */
export async function openUnpacked(folder: string, options: Signalled = {}): Promise<FolderSource> {
  const manifestBytes = await readPart(join(folder, 'manifest.json'))
  const wanted = parts(parseOvmsManifest(manifestBytes).value)
  const digests = wanted.map(({ ref }) => blobDigest(ref))
  const paths = await locateBlobs(folder, digests, options).catch((cause: unknown) => {
    options.signal?.throwIfAborted()
    return refuse(folder, cause)
  })
  const pathOf = (digest: Digest) => paths.get(digest) ?? refuse(folder, new Error(`${digest} is not there`))
  const blobs = await Promise.all(wanted.map((part) => describePart(part, pathOf)))
  const manifestBlob = {
    ...describe(manifestBytes, MEDIA_TYPES.ovmsManifest),
    annotations: { [ANNOTATIONS.title]: 'manifest.json' },
  }
  const rootBytes = ociManifestBytes(manifestBlob, blobs)
  const root = describe(rootBytes, MEDIA_TYPES.ociManifest)
  const made = new Map<Digest, Uint8Array>([
    [root.digest, rootBytes],
    [manifestBlob.digest, manifestBytes],
    [EMPTY_CONFIG.descriptor.digest, EMPTY_CONFIG.bytes],
  ])
  const open = async ({ digest }: Descriptor, { from = 0, signal }: OpenOptions = {}): Promise<Bytes> => {
    const bytes = made.get(digest)
    if (bytes) return openerOf(bytes)(from, { signal })
    return untilAbort(createReadStream(pathOf(digest), { start: from, highWaterMark: READ_BYTES }), {
      signal,
    })
  }
  return { root, resolve: async () => root, open, pathOf, [Symbol.asyncDispose]: async () => {} }
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
