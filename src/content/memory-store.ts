import { OvmsError } from '../base/error.ts'
import { type Bytes, collect, type Opener, openerOf, untilAbort } from '../base/streams.ts'
import type { Descriptor } from '../model/descriptor.ts'
import type { Digest } from '../model/digest.ts'
import type { BlobStat, ContentStore, OpenOptions, PutOptions } from './ports.ts'
import { verified } from './verified.ts'

/** The fake of the content ports, complete: for tests of what uses them. */
export class MemoryStore implements ContentStore, BlobStat {
  readonly #blobs = new Map<Digest, Uint8Array>()
  readonly #tags = new Map<string, Descriptor>()

  async resolve(name: string): Promise<Descriptor> {
    const target = this.#tags.get(name)
    if (!target) throw new OvmsError('reference-unknown', `No artifact is called ${name}`, { actual: name })
    return target
  }

  async open(blob: Descriptor, { from = 0, signal }: OpenOptions = {}): Promise<Bytes> {
    return untilAbort(await openerOf(this.#get(blob.digest))(from, { signal }), { signal })
  }

  async stat(digest: Digest): Promise<{ size: number }> {
    return { size: this.#get(digest).length }
  }

  async has(blob: Descriptor): Promise<boolean> {
    return this.#blobs.has(blob.digest)
  }

  async put(blob: Descriptor, open: Opener, { signal, onBytes }: PutOptions = {}): Promise<void> {
    signal?.throwIfAborted()
    const source = untilAbort(await open(0, { signal }), { signal })
    const bytes = await collect(verified(source, blob), blob.size, blob.digest)
    onBytes?.(bytes.length, 'moved')
    this.#blobs.set(blob.digest, bytes)
  }

  async tag(name: string, target: Descriptor): Promise<void> {
    this.#get(target.digest)
    this.#tags.set(name, target)
  }

  #get(digest: Digest): Uint8Array {
    const bytes = this.#blobs.get(digest)
    if (!bytes) throw new OvmsError('blob-unknown', `There is no blob ${digest}`, { actual: digest })
    return bytes
  }
}
