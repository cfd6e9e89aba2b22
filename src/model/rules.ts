import { blobDigestOrNothing } from './blob-reference.ts'
import type { Descriptor, Platform } from './descriptor.ts'
import { ANNOTATIONS } from './media-types.ts'
import type { Device, DiskLayer, OvmsManifest } from './ovms-manifest.ts'
import { sameArchitecture } from './platform.ts'
import { parseTitle } from './title.ts'

/** The rules that no schema can state, with what each asks. spec/rules.md */
export const RULES = {
  'blob-missing': 'Every ref names a blob of the artifact',
  'format-disagrees': "A layer's format is that of the annotation ovms.format",
  'format-unknown': 'A disk format is qcow2 or raw',
  'raw-above-base': 'Only the lowest layer is raw',
  'size-disagrees': "A layer's size is the blob's or the disk's",
  'title-unsafe': 'A title is a plain file name',
  'title-duplicate': 'No two blobs have the same title',
  'nothing-to-boot': 'There is a kernel or a disk',
  'initrd-without-kernel': 'An initrd needs a kernel',
  'architecture-disagrees': 'The manifest and the index name the same architecture',
  'device-unknown': 'A device type is ivshmem',
  'device-size': 'The size of an ivshmem device is a power of two',
  'compression-unknown': 'A RAM snapshot is compressed with lz4 or zstd',
} as const

export type Rule = keyof typeof RULES

export interface Finding {
  readonly rule: Rule
  /** `error`: the artifact contradicts itself. `warning`: this implementation cannot use that part. */
  readonly severity: 'error' | 'warning'
  /** Place in the OVMS manifest or artifact, as `diskLayers.1.format`. */
  readonly path: string
  readonly message: string
}

export interface ArtifactFacts {
  readonly manifest: OvmsManifest
  /** All blobs of the artifact but the OVMS manifest itself. */
  readonly blobs: readonly Descriptor[]
  /** What an index says the artifact is for. */
  readonly platform?: Platform | undefined
  /** Virtual size of each disk layer in bytes, where its header was read. */
  readonly virtualSizes?: readonly (number | undefined)[]
}

/** Checks what the parts of an artifact say of each other. Pure: it reads no bytes. */
export function checkArtifact(facts: ArtifactFacts): readonly Finding[] {
  const { manifest, platform } = facts
  return [
    ...missingBlobs(facts),
    ...(manifest.diskLayers ?? []).flatMap((layer, index) => checkLayer(facts, layer, index)),
    ...checkTitles(facts.blobs),
    ...checkBoot(manifest),
    ...(manifest.devices ?? []).flatMap(checkDevice),
    ...checkArchitecture(manifest.metadata?.platform?.arch, platform),
    ...checkCompression(manifest.ramSnapshot?.compression),
  ]
}

function missingBlobs({ manifest, blobs }: ArtifactFacts): Finding[] {
  const references = [
    { path: 'kernel.ref', ref: manifest.kernel?.ref },
    { path: 'initrd.ref', ref: manifest.initrd?.ref },
    { path: 'ramSnapshot.ref', ref: manifest.ramSnapshot?.ref },
    ...(manifest.diskLayers ?? []).map(({ ref }, index) => ({ path: `diskLayers.${index}.ref`, ref })),
  ]
  return references.flatMap(({ path, ref }) => {
    if (ref === undefined || blobs.some(({ digest }) => digest === blobDigestOrNothing(ref))) return []
    return error('blob-missing', path, `The artifact has no blob ${ref}`)
  })
}

function checkLayer({ blobs, virtualSizes }: ArtifactFacts, layer: DiskLayer, index: number): Finding[] {
  const path = `diskLayers.${index}`
  const blob = blobs.find(({ digest }) => digest === blobDigestOrNothing(layer.ref))
  const annotated = blob?.annotations?.[ANNOTATIONS.format]
  const findings: Finding[] = []
  if (annotated !== undefined && annotated !== layer.format) {
    findings.push(
      ...error(
        'format-disagrees',
        `${path}.format`,
        `It says ${layer.format}, the blob is annotated ${annotated}`,
      ),
    )
  }
  if (layer.format !== 'qcow2' && layer.format !== 'raw') {
    findings.push(
      ...warning('format-unknown', `${path}.format`, `${JSON.stringify(layer.format)} is not known here`),
    )
  }
  if (layer.format === 'raw' && index > 0) {
    findings.push(...error('raw-above-base', `${path}.format`, 'A raw layer would hide all layers below it'))
  }
  return [...findings, ...checkSize(layer, blob, virtualSizes?.[index], `${path}.size`)]
}

function checkSize(
  { size, format }: DiskLayer,
  blob: Descriptor | undefined,
  virtualSize: number | undefined,
  path: string,
) {
  if (size === undefined || !blob || size === blob.size || size === virtualSize) return []
  if (virtualSize === undefined && format !== 'raw') return []
  const header = virtualSize === undefined ? '' : `, the disk ${virtualSize}`
  return error('size-disagrees', path, `It says ${size} bytes, the blob has ${blob.size}${header}`)
}

function checkTitles(blobs: readonly Descriptor[]): Finding[] {
  const seen = new Map<string, string>()
  return blobs.flatMap((blob, index) => {
    const title = blob.annotations?.[ANNOTATIONS.title]
    if (title === undefined) return []
    const path = `blobs.${index}`
    if (!isPlainTitle(title))
      return error('title-unsafe', path, `${JSON.stringify(title)} is not a plain file name`)
    const other = seen.get(title)
    seen.set(title, blob.digest)
    if (other === undefined || other === blob.digest) return []
    return error('title-duplicate', path, `${JSON.stringify(title)} is the title of two blobs`)
  })
}

function isPlainTitle(title: string): boolean {
  try {
    return parseTitle(title) === title
  } catch {
    return false
  }
}

function checkBoot({ kernel, initrd, diskLayers, ramSnapshot }: OvmsManifest): Finding[] {
  const hasDisk = (diskLayers?.length ?? 0) > 0
  if (!kernel && !hasDisk && !ramSnapshot) {
    return error('nothing-to-boot', 'kernel', 'There is neither a kernel nor a disk to boot from')
  }
  return initrd && !kernel
    ? error('initrd-without-kernel', 'initrd', 'An initrd is loaded by a kernel, there is none')
    : []
}

function checkDevice({ type, size }: Device, index: number): Finding[] {
  if (type !== 'ivshmem')
    return warning('device-unknown', `devices.${index}.type`, `${JSON.stringify(type)} is not known here`)
  if (size !== undefined && isPowerOfTwo(size)) return []
  return error(
    'device-size',
    `devices.${index}.size`,
    `The size must be a power of two, it is ${size ?? 'missing'}`,
  )
}

/** For bytes of a PCI BAR: from a page up to what a double holds exactly. */
export function isPowerOfTwo(size: number): boolean {
  if (size < 4096 || !Number.isSafeInteger(size)) return false
  // Bit by bit: a logarithm rounds what is near a power to it.
  return (BigInt(size) & (BigInt(size) - 1n)) === 0n
}

function checkArchitecture(arch: string | undefined, platform: Platform | undefined): Finding[] {
  if (arch === undefined || platform === undefined || sameArchitecture(arch, platform.architecture)) return []
  return error(
    'architecture-disagrees',
    'metadata.platform.arch',
    `The manifest says ${arch}, the index ${platform.architecture}`,
  )
}

function checkCompression(compression: string | undefined): Finding[] {
  if (compression === undefined || compression === 'lz4' || compression === 'zstd') return []
  return warning(
    'compression-unknown',
    'ramSnapshot.compression',
    `${JSON.stringify(compression)} is not known here`,
  )
}

function error(rule: Rule, path: string, message: string): Finding[] {
  return [{ rule, severity: 'error', path, message }]
}

function warning(rule: Rule, path: string, message: string): Finding[] {
  return [{ rule, severity: 'warning', path, message }]
}
