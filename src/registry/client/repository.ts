import { OvmsError } from '../../base/error.ts'
import { retry } from '../../base/retry.ts'
import type { Signalled } from '../../base/signal.ts'
import { type Bytes, collect, type Opener, openerOf } from '../../base/streams.ts'
import type { BlobStat, ContentStore, OpenOptions, PutOptions } from '../../content/ports.ts'
import { hasSuccessors } from '../../content/successors.ts'
import { verified } from '../../content/verified.ts'
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
  /** Manifests that went through here, for their tags: a registry tags by receiving the same bytes again. */
  readonly #manifests = new Map<Digest, Uint8Array>()
  /** What was served as a manifest though its type is that of a blob: a bare OVMS manifest. */
  readonly #served = new Set<Digest>()

  constructor({ registry, repository }: RemoteReference, options: { readonly plainHttp?: boolean } = {}) {
    this.connection = new RegistryConnection(registry, options)
    this.repository = repository
  }

  async resolve(name: string, options?: Signalled): Promise<Descriptor> {
    const manifest = await resolveManifest(this, name, options)
    this.#served.add(manifest.digest)
    return manifest
  }

  async open(blob: Descriptor, { from = 0, signal }: OpenOptions = {}): Promise<Bytes> {
    if (!hasSuccessors(blob) && !this.#served.has(blob.digest)) return openBlob(this, blob, from, { signal })
    const { bytes } = await fetchManifest(this, blob.digest, { signal })
    return openerOf(bytes)(from, { signal })
  }

  async stat(digest: Digest, options?: Signalled): Promise<{ readonly size: number }> {
    const size = await headBlob(this, digest, options)
    if (size !== undefined && !Number.isNaN(size)) return { size }
    throw new OvmsError(
      'blob-unknown',
      `${this.connection.registry}/${this.repository} has no blob ${digest}`,
      { actual: digest },
    )
  }

  async has(blob: Descriptor, options?: Signalled): Promise<boolean> {
    if (!hasSuccessors(blob)) return (await headBlob(this, blob.digest, options)) !== undefined
    return this.resolve(blob.digest, options).then(
      () => true,
      (error: unknown) => {
        if (error instanceof OvmsError && error.code === 'reference-unknown') return false
        throw error
      },
    )
  }

  async put(blob: Descriptor, source: Opener, { signal, onBytes }: PutOptions = {}): Promise<void> {
    if (hasSuccessors(blob)) return this.#putManifest(blob, source, { signal, ...(onBytes && { onBytes }) })
    if (blob.mediaType === MEDIA_TYPES.ovmsManifest)
      this.#manifests.set(blob.digest, await readSmall(blob, source, signal))
    const counted: Opener = async (from, options) => counting(await source(from, options), onBytes)
    await retry(() => uploadBlob(this, blob, counted, { signal }), isPassing, { signal })
  }

  async tag(name: string, target: Descriptor, options?: Signalled): Promise<void> {
    const bytes =
      this.#manifests.get(target.digest) ?? (await fetchManifest(this, target.digest, options)).bytes
    await putManifest(this, name, { mediaType: target.mediaType, bytes }, options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection[Symbol.asyncDispose]()
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

async function* counting(bytes: Bytes, onBytes: PutOptions['onBytes']): Bytes {
  for await (const chunk of bytes) {
    onBytes?.(chunk.length, 'moved')
    yield chunk
  }
}
