import type { ContentSource } from '../content/ports.ts'
import type { Descriptor } from '../model/descriptor.ts'
import type { Digest } from '../model/digest.ts'

/** One artifact that lies in a folder of the user's, read where it is. */
export interface FolderSource extends ContentSource, AsyncDisposable {
  readonly root: Descriptor
  /** Where a blob's file is, for those who look into disks. */
  pathOf(digest: Digest): string
}
