import { type FileHandle, open } from 'node:fs/promises'
import { basename } from 'node:path'
import { messageOf, OvmsError } from '../base/error.ts'
import type { Signalled } from '../base/signal.ts'
import { openerOf } from '../base/streams.ts'
import { checkDisk, detectDiskFormat } from '../block/disk-image.ts'
import { HEADER_BYTES } from '../block/qcow2/header.ts'
import type { Adding, ContentSink } from '../content/ports.ts'
import type { TransferListener } from '../content/transfer-event.ts'
import { blobDigestOrNothing } from '../model/blob-reference.ts'
import type { Descriptor } from '../model/descriptor.ts'
import { digestOf } from '../model/digest.ts'
import { jsonBytes } from '../model/json-document.ts'
import { ANNOTATIONS, MEDIA_TYPES } from '../model/media-types.ts'
import { EMPTY_CONFIG } from '../model/oci-manifest.ts'
import type { DiskLayer, OvmsManifest } from '../model/ovms-manifest.ts'
import { kernelArchitecture } from '../model/platform.ts'
import { type Artifact, requireConsistent } from './artifact.ts'
import type { BuildFile } from './build-file.ts'
import { ociManifestBytes, titlesOf, uniqueTitle } from './oci-form.ts'

/** Bytes read from an input file at once. */
const READ_BYTES = 1024 * 1024

export interface BuildOptions extends Signalled {
  /** What the machine is called when the build file does not say. */
  readonly name: string
  readonly version: string
  /** The artifact that `from` names, already read. */
  readonly base?: Artifact | undefined
  /** RFC 3339, for `metadata.created`; without one nothing is said, so that the same inputs give the same digest. */
  readonly created?: string | undefined
  readonly onEvent?: TransferListener | undefined
}

/**
 * Makes an artifact of files: each is read once, hashed while it goes into the store. The same inputs give the same
 * digest. Nothing gets a name here.
 *
 * @throws {OvmsError} `build-file-invalid`, `file-unreadable`, `disk-invalid`, `disk-refused`, `artifact-invalid`
 */
export async function build(
  file: BuildFile,
  sink: ContentSink & Adding,
  options: BuildOptions,
): Promise<Artifact> {
  const parts = await addParts(file, sink, options)
  const manifest = composeManifest(file, parts, options)
  const blobs = [
    ...(parts.kernel ? [parts.kernel] : []),
    ...(parts.initrd ? [parts.initrd] : []),
    ...parts.disks,
  ]
  const manifestBytes = jsonBytes(manifest)
  const manifestBlob = describe(manifestBytes, MEDIA_TYPES.ovmsManifest, 'manifest.json')
  const ociBytes = ociManifestBytes(manifestBlob, blobs, {
    ...options.base?.annotations,
    ...file.annotations,
  })
  const root = describe(ociBytes, MEDIA_TYPES.ociManifest)
  const artifact: Artifact = { root, manifest, manifestBlob, blobs }
  requireConsistent(artifact, parts.virtualSizes)
  await sink.put(EMPTY_CONFIG.descriptor, openerOf(EMPTY_CONFIG.bytes), options)
  await sink.put(manifestBlob, openerOf(manifestBytes), { signal: options.signal })
  await sink.put(root, openerOf(ociBytes), { signal: options.signal })
  return artifact
}

interface Parts {
  readonly kernel: Descriptor | undefined
  readonly initrd: Descriptor | undefined
  readonly disks: readonly Descriptor[]
  readonly layers: readonly DiskLayer[]
  readonly virtualSizes: readonly (number | undefined)[]
}

async function addParts(file: BuildFile, sink: ContentSink & Adding, options: BuildOptions): Promise<Parts> {
  const { base } = options
  const kept = keptParts(file, base)
  const titles = titlesOf([kept.kernel, kept.initrd, ...kept.disks].filter((blob) => blob !== undefined))
  const adder = new PartAdder(sink, titles, options)
  for (const blob of [kept.kernel, kept.initrd, ...kept.disks])
    if (blob) await requireBlob(sink, blob, options)
  const kernel =
    file.kernel?.file === undefined
      ? kept.kernel
      : await adder.add(file.kernel.file, MEDIA_TYPES.kernel, 'kernel')
  const initrd = file.initrd ? await adder.add(file.initrd.file, MEDIA_TYPES.initrd, 'initrd') : kept.initrd
  const disks = [...kept.disks]
  const layers = [...(base?.manifest.diskLayers ?? [])]
  const virtualSizes: (number | undefined)[] = layers.map(() => undefined)
  for (const disk of file.disks ?? []) {
    const place = { isBottom: layers.length === 0, isAlone: layers.length === 0 && file.disks?.length === 1 }
    const added = await adder.addDisk(disk, place)
    disks.push(added.blob)
    layers.push({ ref: added.blob.digest, format: added.format, size: added.blob.size })
    virtualSizes.push(added.virtualSize)
  }
  return { kernel, initrd, disks, layers, virtualSizes }
}

/** What stays of the base: all its disk layers, and kernel and initrd where no new ones are given. */
function keptParts(file: BuildFile, base: Artifact | undefined) {
  const blob = (ref: string | undefined) =>
    base?.blobs.find(({ digest }) => ref !== undefined && digest === blobDigestOrNothing(ref))
  return {
    kernel: file.kernel?.file === undefined ? blob(base?.manifest.kernel?.ref) : undefined,
    initrd: file.initrd ? undefined : blob(base?.manifest.initrd?.ref),
    disks: (base?.manifest.diskLayers ?? []).flatMap(({ ref }) => blob(ref) ?? []),
  }
}

async function requireBlob(sink: ContentSink, blob: Descriptor, options: Signalled): Promise<void> {
  if (await sink.has(blob, options)) return
  throw new OvmsError('blob-unknown', `The base's blob ${blob.digest} is not in the store`, {
    actual: blob.digest,
  })
}

class PartAdder {
  readonly #sink: Adding
  readonly #titles: Set<string>
  readonly #options: BuildOptions

  constructor(sink: Adding, titles: Set<string>, options: BuildOptions) {
    this.#sink = sink
    this.#titles = titles
    this.#options = options
  }

  async add(path: string, mediaType: string, role: string): Promise<Descriptor> {
    await using input = await openInput(path)
    return await this.#stream(input, path, mediaType, role)
  }

  async addDisk(disk: { file: string; format?: string }, place: { isBottom: boolean; isAlone: boolean }) {
    await using input = await openInput(disk.file)
    const { size } = await input.stat()
    const { buffer, bytesRead } = await input.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0)
    const head = buffer.subarray(0, bytesRead)
    const format = disk.format ?? detectDiskFormat(head)
    const image = checkDisk(head, size, { format, ...place }, disk.file)
    const blob = await this.#stream(input, disk.file, MEDIA_TYPES.disk, `disk.${format}`, {
      [ANNOTATIONS.format]: format,
    })
    return { blob, ...image }
  }

  async #stream(
    input: FileHandle,
    path: string,
    mediaType: string,
    role: string,
    annotations: Record<string, string> = {},
  ): Promise<Descriptor> {
    const { signal, onEvent } = this.#options
    const title = uniqueTitle(basename(path), role, this.#titles)
    this.#titles.add(title)
    const { size: expected } = await input.stat()
    onEvent?.({ is: 'begin', id: path, title, size: expected })
    const onBytes = (bytes: number, how: 'moved' | 'kept') => onEvent?.({ is: 'bytes', id: path, bytes, how })
    const stream = input.createReadStream({ start: 0, highWaterMark: READ_BYTES, autoClose: false })
    const { digest, size } = await this.#sink.add(stream, { signal, onBytes })
    onEvent?.({ is: 'end', id: path, how: 'copied' })
    return { mediaType, digest, size, annotations: { [ANNOTATIONS.title]: title, ...annotations } }
  }
}

async function openInput(path: string): Promise<FileHandle> {
  try {
    const file = await open(path, 'r')
    if ((await file.stat()).isFile()) return file
    await file.close()
    throw new Error('it is not a regular file')
  } catch (cause) {
    throw new OvmsError('file-unreadable', `Cannot read ${path}: ${messageOf(cause)}`, {
      cause,
      actual: path,
      hint: 'Paths in a build file are relative to that file',
    })
  }
}

/** The manifest: what the base said, known or not, overlaid with what the build file says. */
function composeManifest(file: BuildFile, parts: Parts, options: BuildOptions): OvmsManifest {
  // A RAM snapshot belongs to the disk it was taken with, so it does not outlive a new layer.
  const { ramSnapshot: _ramSnapshot, ...base }: Partial<OvmsManifest> = options.base?.manifest ?? {}
  const args = file.kernel?.args ?? base.kernel?.args
  const created = file.metadata?.created ?? options.created
  const architecture = file.platform?.architecture ?? base.metadata?.platform?.arch ?? process.arch
  return {
    ...base,
    schemaVersion: 1,
    mediaType: MEDIA_TYPES.ovmsManifest,
    name: file.name ?? options.name,
    version: file.version ?? options.version,
    ...(parts.kernel && {
      kernel: { ...base.kernel, ref: parts.kernel.digest, ...(args !== undefined && { args }) },
    }),
    ...(parts.initrd && { initrd: { ...base.initrd, ref: parts.initrd.digest } }),
    ...(parts.layers.length > 0 && { diskLayers: [...parts.layers] }),
    ...(file.devices && { devices: [...file.devices] }),
    metadata: {
      ...base.metadata,
      ...(file.metadata?.author !== undefined && { author: file.metadata.author }),
      ...(created !== undefined && { created }),
      platform: {
        ...base.metadata?.platform,
        arch: kernelArchitecture(architecture),
        ...(file.platform?.uefi !== undefined && { uefi: file.platform.uefi }),
      },
    },
    ...(file.runtimeHints && { runtimeHints: file.runtimeHints }),
  }
}

function describe(bytes: Uint8Array, mediaType: string, title?: string): Descriptor {
  const annotations = title === undefined ? {} : { annotations: { [ANNOTATIONS.title]: title } }
  return { mediaType, digest: digestOf(bytes), size: bytes.length, ...annotations }
}
