import type { Descriptor } from '../model/descriptor.ts'
import { ANNOTATIONS, isIndexType, isManifestType, MEDIA_TYPES } from '../model/media-types.ts'

/** What happens to one blob or file while it goes from one place to another, for those who show it. */
export type TransferEvent =
  | { readonly is: 'begin'; readonly id: string; readonly title: string; readonly size: number }
  | { readonly is: 'bytes'; readonly id: string; readonly bytes: number; readonly how: 'moved' | 'kept' }
  | { readonly is: 'end'; readonly id: string; readonly how: 'copied' | 'present' }

export type TransferListener = (event: TransferEvent) => void

const ROLES = new Map<string, string>([
  [MEDIA_TYPES.ovmsManifest, 'manifest.json'],
  [MEDIA_TYPES.kernel, 'kernel'],
  [MEDIA_TYPES.initrd, 'initrd'],
  [MEDIA_TYPES.ramSnapshotLz4, 'memory'],
  [MEDIA_TYPES.ramSnapshotZstd, 'memory'],
  [MEDIA_TYPES.ociEmpty, 'config'],
])

/** What a person calls a blob: its title, else its role, else the beginning of its digest. */
export function titleOf(blob: Descriptor): string {
  const title = blob.annotations?.[ANNOTATIONS.title]
  if (title !== undefined) return printable(title)
  if (isIndexType(blob.mediaType)) return 'index'
  if (isManifestType(blob.mediaType)) return 'manifest'
  return ROLES.get(blob.mediaType) ?? blob.digest.slice(0, 19)
}

/** A title comes from strangers and goes to a terminal: no control characters, no more than a line. */
function printable(title: string): string {
  return title.replaceAll(/\p{Cc}|\p{Cf}/gu, '\u{fffd}').slice(0, 60)
}
