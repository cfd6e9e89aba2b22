import type { Signalled } from '../../base/signal.ts'
import type { BlobStat, ContentStore, Uploading } from '../../content/ports.ts'
import type { Descriptor } from '../../model/descriptor.ts'
import type { Digest } from '../../model/digest.ts'

/** PORT: one repository as the registry needs it; its names are tags. */
export interface ServerRepository extends ContentStore, BlobStat, Uploading {
  names(): Promise<readonly string[]>
  /** Makes a manifest reachable that has no tag. */
  keep(manifest: Descriptor, options?: Signalled): Promise<void>
}

/** PORT: the repositories of a registry. */
export interface ServerStorage<Repository extends ServerRepository = ServerRepository> {
  find(name: string): Promise<Repository | undefined>
  create(name: string): Promise<Repository>
  list(): Promise<readonly string[]>
}

/** An ability: shares a blob of another repository without copying it; ask with `'mount' in repository`. */
export interface Mounting {
  /** @returns whether it could */
  mount(blob: Descriptor, from: ServerRepository): Promise<boolean>
}

/** An ability: a storage that forgets what a repository of its own has; ask with `'erase' in storage`. */
export interface Erasing {
  /** Takes a tag away; what it stood for stays under its digest. @throws {OvmsError} `reference-unknown` */
  untag(repository: ServerRepository, tag: string): Promise<void>
  /** Takes a blob or manifest away, and all its tags with it. */
  erase(repository: ServerRepository, digest: Digest): Promise<void>
}
