import type { Signalled } from '../base/signal.ts'
import type { Bytes } from '../base/streams.ts'
import type { BlobStat, ContentSource, OpenOptions } from '../content/ports.ts'
import type { Descriptor } from '../model/descriptor.ts'
import type { Digest } from '../model/digest.ts'
import { LayoutStore, type StoreEntry } from './layout-store.ts'

/** A layout that another tool made, seen through a window that only reads: it may lie on a read-only disk. */
export class ForeignLayout implements ContentSource, BlobStat, AsyncDisposable {
  readonly #layout: LayoutStore

  private constructor(layout: LayoutStore) {
    this.#layout = layout
  }

  /** @throws {OvmsError} `archive-invalid` when it is none */
  static async open(path: string): Promise<ForeignLayout> {
    return new ForeignLayout(await LayoutStore.open(path))
  }

  list(): Promise<readonly StoreEntry[]> {
    return this.#layout.list()
  }

  resolve(name: string): Promise<Descriptor> {
    return this.#layout.resolve(name)
  }

  open(blob: Descriptor, options?: OpenOptions): Promise<Bytes> {
    return this.#layout.open(blob, options)
  }

  stat(digest: Digest, _options?: Signalled): Promise<{ readonly size: number }> {
    return this.#layout.stat(digest)
  }

  pathOf(digest: Digest): string {
    return this.#layout.pathOf(digest)
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
