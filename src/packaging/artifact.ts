import { OvmsError } from '../base/error.ts'
import type { Signalled } from '../base/signal.ts'
import type { BlobSource, BlobStat } from '../content/ports.ts'
import { successors } from '../content/successors.ts'
import { readVerified } from '../content/verified.ts'
import { blobDigest } from '../model/blob-reference.ts'
import type { Descriptor, Platform } from '../model/descriptor.ts'
import { ANNOTATIONS, isIndexType, MEDIA_TYPES } from '../model/media-types.ts'
import { parseOciIndex } from '../model/oci-index.ts'
import { artifactTypeOf, type OciManifest, parseOciManifest } from '../model/oci-manifest.ts'
import { type OvmsManifest, parseOvmsManifest } from '../model/ovms-manifest.ts'
import { ociPlatform, sameArchitecture } from '../model/platform.ts'
import { checkArtifact, type Finding } from '../model/rules.ts'

/** A virtual machine as an artifact: its manifests read, its blobs named. */
export interface Artifact {
  /** The manifest that names the whole; its digest is the artifact's. */
  readonly root: Descriptor
  readonly manifest: OvmsManifest
  /** The OVMS manifest's own blob; the same as `root` where that is served as the manifest. */
  readonly manifestBlob: Descriptor
  /** All blobs but the OVMS manifest. */
  readonly blobs: readonly Descriptor[]
  readonly platform?: Platform
  readonly annotations?: Readonly<Record<string, string>>
}

export interface ReadOptions extends Signalled {
  /** Architecture to choose from an index; the host's where nothing is said. */
  readonly architecture?: string
}

type Source = BlobSource & Partial<BlobStat>

/**
 * Reads an artifact's manifests, liberally: the OVMS manifest may be a layer, the config, or the manifest itself.
 * spec/artifact.md
 *
 * @throws {OvmsError} `artifact-unsupported` when it is no virtual machine or none for this architecture,
 * `manifest-invalid`, `manifest-too-large`, `digest-mismatch` and what the source throws
 */
export async function readArtifact(
  source: Source,
  root: Descriptor,
  options: ReadOptions = {},
): Promise<Artifact> {
  const chosen = isIndexType(root.mediaType) ? await choosePlatform(source, root, options) : root
  const bytes = await readVerified(source, chosen, options)
  if (chosen.mediaType === MEDIA_TYPES.ovmsManifest) return readBareArtifact(source, chosen, bytes, options)
  const { value: oci } = parseOciManifest(bytes)
  const manifestBlob = findOvmsManifest(oci, chosen)
  const { value: manifest } = parseOvmsManifest(await readVerified(source, manifestBlob, options))
  return {
    root: chosen,
    manifest,
    manifestBlob,
    blobs: blobsOf(oci, manifestBlob),
    ...(chosen.platform && { platform: chosen.platform }),
    ...(oci.annotations && { annotations: oci.annotations }),
  }
}

/**
 * The entry of an index for an architecture: the only one, or the first that fits.
 *
 * @throws {OvmsError} `artifact-unsupported`
 */
export async function choosePlatform(
  source: BlobSource,
  index: Descriptor,
  options: ReadOptions = {},
): Promise<Descriptor> {
  const architecture = options.architecture ?? process.arch
  const { manifests } = parseOciIndex(await readVerified(source, index, options)).value
  const [only] = manifests
  const found = manifests.find(
    ({ platform }) => platform && sameArchitecture(platform.architecture, architecture),
  )
  if (found) return found
  if (only && manifests.length === 1 && !only.platform) return only
  const wanted = ociPlatform(architecture).architecture
  const offered = manifests.map(({ platform }) => platform?.architecture ?? 'unknown').join(', ')
  throw new OvmsError(
    'artifact-unsupported',
    `The index has nothing for ${wanted}, only for ${offered || 'nothing'}`,
    {
      actual: offered,
      hint: 'Choose one with --platform, which is then emulated',
    },
  )
}

/**
 * The blob that a `ref` of the OVMS manifest names.
 *
 * @throws {OvmsError} `artifact-invalid`, `digest-invalid`, `not-supported`
 */
export function blobOf(artifact: Artifact, ref: string, role: string): Descriptor {
  const digest = blobDigest(ref)
  const blob = artifact.blobs.find((each) => each.digest === digest)
  if (blob) return blob
  throw new OvmsError('artifact-invalid', `The ${role} ${ref} is not among the blobs of the artifact`, {
    actual: ref,
  })
}

/**
 * Proves that an artifact does not contradict itself.
 *
 * @returns the warnings: what this implementation could not use
 * @throws {OvmsError} `artifact-invalid`, naming every broken rule
 */
export function requireConsistent(artifact: Artifact): readonly Finding[] {
  const findings = checkArtifact(artifact)
  const broken = findings.filter(({ severity }) => severity === 'error')
  if (broken.length === 0) return findings
  const list = broken.map(({ rule, path, message }) => `${path}: ${message} (${rule})`).join('; ')
  throw new OvmsError('artifact-invalid', `The artifact contradicts itself: ${list}`, {
    actual: broken,
    hint: 'Ask whoever published it; "ovm validate" lists every rule',
  })
}

async function readBareArtifact(
  source: Source,
  root: Descriptor,
  bytes: Uint8Array,
  options: Signalled,
): Promise<Artifact> {
  const blobs = await successors(root, bytes, source, options)
  return { root, manifest: parseOvmsManifest(bytes).value, manifestBlob: root, blobs }
}

function findOvmsManifest(oci: OciManifest, root: Descriptor): Descriptor {
  const { config, layers } = oci
  const found =
    layers.find(({ mediaType }) => mediaType === MEDIA_TYPES.ovmsManifest) ??
    (config.mediaType === MEDIA_TYPES.ovmsManifest && config.size > 2 ? config : undefined) ??
    (artifactTypeOf(oci) === MEDIA_TYPES.ovmsManifest
      ? layers.find(({ annotations }) => annotations?.[ANNOTATIONS.title] === 'manifest.json')
      : undefined)
  if (found) return found
  const type = artifactTypeOf(oci)
  const isPacked = layers.some(({ annotations }) => annotations?.[PACKED_FOLDER] === 'true')
  const message = isPacked
    ? `${root.digest} holds a packed folder, type ${type}`
    : `${root.digest} is not a virtual machine but ${type}`
  throw new OvmsError('artifact-unsupported', message, {
    actual: type,
    hint: isPacked
      ? 'Fetch it with "oras pull", then "ovm run" the folder; push the files of a machine one by one instead'
      : `A virtual machine has a layer of type ${MEDIA_TYPES.ovmsManifest}`,
  })
}

/** What oras writes at a layer that is a folder in a compressed archive. */
const PACKED_FOLDER = 'io.deis.oras.content.unpack'

/** A RAM snapshot may stand in the config slot; a config of the OVMS manifest's type may only tell that type. */
function blobsOf({ config, layers }: OciManifest, manifestBlob: Descriptor): readonly Descriptor[] {
  const { mediaType } = config
  const isContent = mediaType.startsWith('application/vnd.ovms.') && mediaType !== MEDIA_TYPES.ovmsManifest
  return [...(isContent ? [config] : []), ...layers.filter((layer) => layer !== manifestBlob)]
}
