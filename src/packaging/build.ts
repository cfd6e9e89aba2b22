import { basename } from 'node:path'
import { OvmsError } from '../base/error.ts'
import type { Signalled } from '../base/signal.ts'
import { openerOf } from '../base/streams.ts'
import type { Adding, ContentSink } from '../content/ports.ts'
import type { TransferListener } from '../content/transfer-event.ts'
import { blobDigestOrNothing } from '../model/blob-reference.ts'
import type { Descriptor } from '../model/descriptor.ts'
import { digestOf } from '../model/digest.ts'
import { jsonBytes } from '../model/json-document.ts'
import { ANNOTATIONS, MEDIA_TYPES } from '../model/media-types.ts'
import { EMPTY_CONFIG } from '../model/oci-manifest.ts'
import { isPowerOfTwo } from '../model/rules.ts'
import { type Artifact, requireConsistent } from './artifact.ts'
import type { BuildFile } from './build-file.ts'
import { type BuildInput, openInputs } from './build-inputs.ts'
import { composeManifest } from './compose-manifest.ts'
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
 * @throws {OvmsError} `build-file-invalid`, `file-unreadable`, `disk-invalid`, `disk-refused`, `artifact-invalid`, `blob-unknown`
 */
export async function build(
  file: BuildFile,
  sink: ContentSink & Adding,
  options: BuildOptions,
): Promise<Artifact> {
  const { base, signal } = options
  requireBuildable(file, base)
  await using inputs = await openInputs(file, base?.manifest.diskLayers?.length ?? 0)
  const kept = keptParts(file, base)
  for (const blob of [kept.kernel, kept.initrd, ...kept.disks]) await requireBlob(sink, blob, { signal })
  const add = adder(sink, kept, options)
  const kernel = inputs.kernel ? await add(inputs.kernel, MEDIA_TYPES.kernel, 'kernel') : kept.kernel
  const initrd = inputs.initrd ? await add(inputs.initrd, MEDIA_TYPES.initrd, 'initrd') : kept.initrd
  const disks = [...kept.disks]
  const layers = [...(base?.manifest.diskLayers ?? [])]
  for (const disk of inputs.disks) {
    const { format } = disk
    const blob = await add(disk, MEDIA_TYPES.disk, `disk.${format}`, { [ANNOTATIONS.format]: format })
    disks.push(blob)
    layers.push({ ref: blob.digest, format, size: blob.size })
  }
  const manifest = composeManifest(file, {
    ...options,
    base: base?.manifest,
    kernel: kernel?.digest,
    initrd: initrd?.digest,
    layers,
  })
  const blobs = [...(kernel ? [kernel] : []), ...(initrd ? [initrd] : []), ...disks]
  const annotations = { ...base?.annotations, ...file.annotations }
  return await write(manifest, blobs, annotations, { sink, signal })
}

/**
 * What can be known to be wrong before a file is opened. The rules are checked once more when the artifact is whole.
 *
 * @throws {OvmsError} `build-file-invalid`
 */
function requireBuildable({ kernel, initrd, disks, devices }: BuildFile, base: Artifact | undefined): void {
  const hasKernel = kernel?.file !== undefined || base?.manifest.kernel !== undefined
  const hasDisk = (disks?.length ?? 0) > 0 || (base?.manifest.diskLayers?.length ?? 0) > 0
  if (!hasKernel && kernel?.args !== undefined)
    refuse('there are kernel arguments and no kernel', 'Add --kernel')
  if (!hasKernel && initrd) refuse('there is an initrd and no kernel to load it', 'Add --kernel')
  if (!hasKernel && !hasDisk) refuse('there is neither a kernel nor a disk', 'Add --kernel or --disk')
  for (const { name, size } of devices ?? []) {
    if (size === undefined || !isPowerOfTwo(size))
      refuse(
        `the device ${name} has the size ${size ?? 'nothing'}, not a power of two`,
        'Give bytes, as 67108864',
      )
  }
}

function refuse(why: string, hint: string): never {
  throw new OvmsError('build-file-invalid', `Nothing can be built: ${why}`, { hint })
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

async function requireBlob(
  sink: ContentSink,
  blob: Descriptor | undefined,
  options: Signalled,
): Promise<void> {
  if (blob === undefined || (await sink.has(blob, options))) return
  throw new OvmsError('blob-unknown', `The base's blob ${blob.digest} is not in the store`, {
    actual: blob.digest,
  })
}

/** A function that streams an open file into the sink and describes it under a title that no other blob has. */
function adder(sink: Adding, kept: ReturnType<typeof keptParts>, { signal, onEvent }: BuildOptions) {
  const titles = titlesOf([kept.kernel, kept.initrd, ...kept.disks].filter((blob) => blob !== undefined))
  return async (
    { path, file, size: expected }: BuildInput,
    mediaType: string,
    role: string,
    annotations: Record<string, string> = {},
  ): Promise<Descriptor> => {
    const title = uniqueTitle(basename(path), role, titles)
    titles.add(title)
    onEvent?.({ is: 'begin', id: title, title, size: expected })
    const onBytes = (bytes: number, how: 'moved' | 'kept') =>
      onEvent?.({ is: 'bytes', id: title, bytes, how })
    const stream = file.createReadStream({ start: 0, highWaterMark: READ_BYTES, autoClose: false })
    const { digest, size } = await sink.add(stream, { signal, onBytes })
    onEvent?.({ is: 'end', id: title, how: 'copied' })
    return { mediaType, digest, size, annotations: { [ANNOTATIONS.title]: title, ...annotations } }
  }
}

async function write(
  manifest: Artifact['manifest'],
  blobs: readonly Descriptor[],
  annotations: Readonly<Record<string, string>>,
  { sink, signal }: Signalled & { readonly sink: ContentSink },
): Promise<Artifact> {
  const manifestBytes = jsonBytes(manifest)
  const manifestBlob = describe(manifestBytes, MEDIA_TYPES.ovmsManifest, 'manifest.json')
  const ociBytes = ociManifestBytes(manifestBlob, blobs, annotations)
  const root = describe(ociBytes, MEDIA_TYPES.ociManifest)
  const artifact: Artifact = { root, manifest, manifestBlob, blobs }
  requireConsistent(artifact)
  await sink.put(EMPTY_CONFIG.descriptor, openerOf(EMPTY_CONFIG.bytes), { signal })
  await sink.put(manifestBlob, openerOf(manifestBytes), { signal })
  await sink.put(root, openerOf(ociBytes), { signal })
  return artifact
}

function describe(bytes: Uint8Array, mediaType: string, title?: string): Descriptor {
  const annotations = title === undefined ? {} : { annotations: { [ANNOTATIONS.title]: title } }
  return { mediaType, digest: digestOf(bytes), size: bytes.length, ...annotations }
}
