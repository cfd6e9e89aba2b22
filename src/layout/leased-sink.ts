import { randomUUID } from 'node:crypto'
import type { Signalled } from '../base/signal.ts'
import type { Bytes, Opener } from '../base/streams.ts'
import type { Adding, ContentSink, PutOptions } from '../content/ports.ts'
import type { Descriptor } from '../model/descriptor.ts'
import type { Digest } from '../model/digest.ts'
import { ingestNameless } from './ingest.ts'
import type { LayoutStore } from './layout-store.ts'
import type { ProcessLease } from './lease.ts'

/** A layout as seen through a process lease: whatever is asked for or put stays until the lease ends. */
export class LeasedSink implements ContentSink, Adding, AsyncDisposable {
  readonly #store: LayoutStore
  readonly #lease: ProcessLease
  readonly #relying: () => Promise<AsyncDisposable>

  /** @param relying takes the shared collect lock, under which a lease may grow */
  constructor(store: LayoutStore, lease: ProcessLease, relying: () => Promise<AsyncDisposable>) {
    this.#store = store
    this.#lease = lease
    this.#relying = relying
  }

  async has(blob: Descriptor): Promise<boolean> {
    await this.#protect(blob.digest)
    return this.#store.has(blob)
  }

  async put(blob: Descriptor, source: Opener, options?: PutOptions): Promise<void> {
    await this.#protect(blob.digest)
    await this.#store.put(blob, source, options)
  }

  add(bytes: Bytes, options?: PutOptions): Promise<{ readonly digest: Digest; readonly size: number }> {
    const { paths } = this.#store
    const place = async (digest: Digest) => {
      await this.#protect(digest)
      return paths.blob(digest)
    }
    return ingestNameless(bytes, paths.nameless(randomUUID()), place, options)
  }

  tag(name: string, target: Descriptor, options?: Signalled): Promise<void> {
    return this.#store.tag(name, target, options)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#lease[Symbol.asyncDispose]()
  }

  async #protect(digest: Digest): Promise<void> {
    await using _relying = await this.#relying()
    await this.#lease.protect(digest)
  }
}
