import { isOvmsError, OvmsError } from '../../base/error.ts'
import { retry } from '../../base/retry.ts'
import type { Signalled } from '../../base/signal.ts'
import { type Bytes, collect, type Opener, openerOf } from '../../base/streams.ts'
import type { BlobStat, ContentStore, OpenOptions, PutOptions } from '../../content/ports.ts'
import { hasSuccessors } from '../../content/successors.ts'
import { refuseSize, verified } from '../../content/verified.ts'
import type { Descriptor } from '../../model/descriptor.ts'
import type { Digest } from '../../model/digest.ts'
import { MAX_MANIFEST_BYTES } from '../../model/json-document.ts'
import { MEDIA_TYPES } from '../../model/media-types.ts'
import type { RemoteReference } from '../../model/reference.ts'
import { headBlob, openBlob, uploadBlob } from './blobs.ts'
import { isPassing, RegistryConnection } from './connection.ts'
import { fetchManifest, putManifest, resolveManifest } from './manifests.ts'

/** One repository of a registry as a content store: names in it are tags and digests. */
export class RegistryRepository implements ContentStore, BlobStat, AsyncDisposable {
  readonly connection: RegistryConnection
  readonly repository: string
  /**
   * Manifests that went through here and are what their digest says: none is fetched twice, and a registry tags by
   * receiving the same bytes again.
   */
  readonly #manifests = new Map<Digest, Uint8Array>()
  /** What was served as a manifest though its type is that of a blob: a bare OVMS manifest. */
  readonly #served = new Set<Digest>()

  constructor({ registry, repository }: RemoteReference, options: { readonly plainHttp?: boolean } = {}) {
    this.connection = new RegistryConnection(registry, options)
    this.repository = repository
  }

  async resolve(name: string, options?: Signalled): Promise<Descriptor> {
    const { descriptor, bytes } = await resolveManifest(this, name, options)
    if (bytes) this.#manifests.set(descriptor.digest, bytes)
    this.#served.add(descriptor.digest)
    return descriptor
  }

  async open(blob: Descriptor, { from = 0, signal }: OpenOptions = {}): Promise<Bytes> {
    const isManifest = hasSuccessors(blob) || this.#served.has(blob.digest)
    const isSmall = blob.mediaType === MEDIA_TYPES.ovmsManifest && blob.size <= MAX_MANIFEST_BYTES
    if (!isManifest && !isSmall) return openBlob(this, blob, from, { signal })
    const bytes = this.#manifests.get(blob.digest) ?? (await this.#fetch(blob, isManifest, { signal }))
    return openerOf(bytes)(from, { signal })
  }

  async #fetch(blob: Descriptor, isManifest: boolean, { signal }: Signalled): Promise<Uint8Array> {
    if (isManifest) return this.#fetchManifest(blob.digest, { signal })
    const bytes = await readSmall(blob, async () => openBlob(this, blob, 0, { signal }), signal)
    this.#manifests.set(blob.digest, bytes)
    return bytes
  }

  async stat(digest: Digest, options?: Signalled): Promise<{ readonly size: number }> {
    const size = await headBlob(this, digest, options)
    if (size !== undefined && !Number.isNaN(size)) return { size }
    throw this.#unknownBlob(digest)
  }

  async has(blob: Descriptor, options?: Signalled): Promise<boolean> {
    if (!hasSuccessors(blob)) return (await headBlob(this, blob.digest, options)) !== undefined
    return this.resolve(blob.digest, options).then(
      () => true,
      (error: unknown) => {
        if (isOvmsError(error, 'reference-unknown')) return false
        throw error
      },
    )
  }

  async put(blob: Descriptor, source: Opener, { signal, onBytes }: PutOptions = {}): Promise<void> {
    if (hasSuccessors(blob)) return this.#putManifest(blob, source, { signal, ...(onBytes && { onBytes }) })
    if (blob.mediaType === MEDIA_TYPES.ovmsManifest)
      this.#manifests.set(blob.digest, await readSmall(blob, source, signal))
    const counted: Opener = async (from, options) => counting(await source(from, options), blob, onBytes)
    await retry(() => uploadBlob(this, blob, counted, { signal }), isPassing, { signal })
  }

  async tag(name: string, target: Descriptor, options?: Signalled): Promise<void> {
    const bytes = this.#manifests.get(target.digest) ?? (await this.#fetchManifest(target.digest, options))
    await putManifest(this, name, { mediaType: target.mediaType, bytes }, options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection[Symbol.asyncDispose]()
  }

  /** To the ports a manifest is a blob like any other, also one that is missing. */
  async #fetchManifest(digest: Digest, options?: Signalled): Promise<Uint8Array> {
    try {
      const { bytes } = await fetchManifest(this, digest, options)
      this.#manifests.set(digest, bytes)
      return bytes
    } catch (error) {
      throw isOvmsError(error, 'reference-unknown') ? this.#unknownBlob(digest, error) : error
    }
  }

  #unknownBlob(digest: Digest, cause?: unknown): OvmsError {
    const message = `${this.connection.registry}/${this.repository} has no blob ${digest}`
    return new OvmsError('blob-unknown', message, { actual: digest, cause })
  }

  async #putManifest(blob: Descriptor, source: Opener, { signal, onBytes }: PutOptions): Promise<void> {
    const bytes = await readSmall(blob, source, signal)
    await putManifest(this, blob.digest, { mediaType: blob.mediaType, bytes }, { signal })
    onBytes?.(bytes.length, 'moved')
    this.#manifests.set(blob.digest, bytes)
  }
}

async function readSmall(blob: Descriptor, source: Opener, signal: AbortSignal | undefined): Promise<Buffer> {
  return collect(verified(await source(0, { signal }), blob), MAX_MANIFEST_BYTES)
}

/** Counts what is sent; a wrong number of bytes is found here, other bytes by the registry, which hashes anyway. */
async function* counting(bytes: Bytes, blob: Descriptor, onBytes: PutOptions['onBytes']): Bytes {
  let size = 0
  for await (const chunk of bytes) {
    size += chunk.length
    if (size > blob.size) refuseSize(blob, `more than ${blob.size}`, size)
    onBytes?.(chunk.length, 'moved')
    yield chunk
  }
  if (size !== blob.size) refuseSize(blob, `${size}`, size)
}
