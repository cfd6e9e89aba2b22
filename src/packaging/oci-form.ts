import type { Descriptor } from '../model/descriptor.ts'
import { jsonBytes } from '../model/json-document.ts'
import { ANNOTATIONS, MEDIA_TYPES } from '../model/media-types.ts'
import { EMPTY_CONFIG } from '../model/oci-manifest.ts'
import { parseTitle } from '../model/title.ts'

/** The one form of an artifact that OVMS writes. spec/artifact.md */
export function ociManifestBytes(
  manifestBlob: Descriptor,
  blobs: readonly Descriptor[],
  annotations?: Readonly<Record<string, string>>,
): Buffer {
  return jsonBytes({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    artifactType: MEDIA_TYPES.ovmsManifest,
    config: EMPTY_CONFIG.descriptor,
    layers: [manifestBlob, ...blobs],
    ...(annotations && Object.keys(annotations).length > 0 && { annotations }),
  })
}

/** A title that no other blob has: the wish, else the wish with a number before its ending. */
export function uniqueTitle(wish: string, fallback: string, taken: ReadonlySet<string>): string {
  const title = plainTitle(wish) ?? fallback
  if (!taken.has(title)) return title
  const dot = title.lastIndexOf('.')
  const [stem, ending] = dot > 0 ? [title.slice(0, dot), title.slice(dot)] : [title, '']
  for (let number = 2; ; number++) {
    const candidate = `${stem}-${number}${ending}`
    if (!taken.has(candidate)) return candidate
  }
}

/** The titles of an artifact's blobs, those of the fixed parts included. */
export function titlesOf(blobs: readonly Descriptor[]): Set<string> {
  const titles = blobs.flatMap(({ annotations }) => annotations?.[ANNOTATIONS.title] ?? [])
  return new Set(['manifest.json', ...titles])
}

function plainTitle(wish: string): string | undefined {
  try {
    return parseTitle(wish)
  } catch {
    return undefined
  }
}
