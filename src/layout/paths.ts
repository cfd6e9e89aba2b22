import { join } from 'node:path'
import { algorithmOf, type Digest, hexOf } from '../model/digest.ts'

/** Where things are in a store. The first three are the OCI image layout, which other tools read. spec/store.md */
export class LayoutPaths {
  readonly root: string

  constructor(root: string) {
    this.root = root
  }

  get marker(): string {
    return join(this.root, 'oci-layout')
  }

  get index(): string {
    return join(this.root, 'index.json')
  }

  get blobs(): string {
    return join(this.root, 'blobs')
  }

  get ingest(): string {
    return join(this.root, 'ingest')
  }

  get leases(): string {
    return join(this.root, 'leases')
  }

  get indexLock(): string {
    return join(this.root, 'index.lock')
  }

  /** Held shared by whoever relies on a blob, exclusively by whoever removes blobs. */
  get collectLock(): string {
    return join(this.root, 'collect.lock')
  }

  blob(digest: Digest): string {
    return join(this.blobs, algorithmOf(digest), hexOf(digest))
  }

  /** The bytes of a blob that have arrived so far. */
  partial(digest: Digest): string {
    return join(this.ingest, `${algorithmOf(digest)}-${hexOf(digest)}.part`)
  }

  /** Bytes whose digest is known only when all have arrived. */
  nameless(id: string): string {
    return join(this.ingest, `${id}.new`)
  }
}
