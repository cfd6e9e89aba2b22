import { randomUUID } from 'node:crypto'
import { OvmsError } from '../../src/base/error.ts'
import { type Bytes, collect, openerOf } from '../../src/base/streams.ts'
import { MemoryStore } from '../../src/content/memory-store.ts'
import type { Upload } from '../../src/content/ports.ts'
import type { Descriptor } from '../../src/model/descriptor.ts'
import { type Digest, isDigest } from '../../src/model/digest.ts'
import type { ServerRepository, ServerStorage } from '../../src/registry/server/storage.ts'

/** What a registry needs, over the fake of the content ports: proves that the server knows nothing but its ports. */
export class MemoryRepositories implements ServerStorage<MemoryRepository> {
  readonly #all = new Map<string, MemoryRepository>()

  async find(name: string): Promise<MemoryRepository | undefined> {
    return this.#all.get(name)
  }

  async create(name: string): Promise<MemoryRepository> {
    const repository = this.#all.get(name) ?? new MemoryRepository()
    this.#all.set(name, repository)
    return repository
  }

  async list(): Promise<readonly string[]> {
    return [...this.#all.keys()].toSorted()
  }
}

class MemoryRepository extends MemoryStore implements ServerRepository {
  readonly #names = new Set<string>()
  readonly #manifests = new Map<string, Descriptor>()

  override async resolve(name: string): Promise<Descriptor> {
    if (!isDigest(name)) return super.resolve(name)
    const manifest = this.#manifests.get(name)
    if (manifest) return manifest
    throw new OvmsError('reference-unknown', `There is no manifest ${name}`)
  }

  override async tag(name: string, target: Descriptor): Promise<void> {
    await super.tag(name, target)
    this.#names.add(name)
    await this.keep(target)
  }

  async names(): Promise<readonly string[]> {
    return [...this.#names]
  }

  async keep(manifest: Descriptor): Promise<void> {
    this.#manifests.set(manifest.digest, manifest)
  }

  async beginUpload(): Promise<Upload> {
    return new MemoryUpload(this)
  }
}

class MemoryUpload implements Upload {
  readonly id = randomUUID()
  readonly #repository: MemoryRepository
  #bytes = Buffer.alloc(0)

  constructor(repository: MemoryRepository) {
    this.#repository = repository
  }

  get size(): number {
    return this.#bytes.length
  }

  async append(bytes: Bytes): Promise<void> {
    this.#bytes = Buffer.concat([this.#bytes, await collect(bytes, Number.POSITIVE_INFINITY)])
  }

  async commit(digest: Digest): Promise<void> {
    const blob = { mediaType: 'application/octet-stream', digest, size: this.size }
    await this.#repository.put(blob, openerOf(this.#bytes))
  }

  async abort(): Promise<void> {}
}
