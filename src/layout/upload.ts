import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { tryLock } from '../base/file-lock.ts'
import { storeError } from '../base/files.ts'
import type { Signalled } from '../base/signal.ts'
import type { Bytes } from '../base/streams.ts'
import type { Upload } from '../content/ports.ts'
import { checkDigest } from '../content/verified.ts'
import { algorithmOf, type Digest, Digester } from '../model/digest.ts'
import { publish } from './ingest.ts'
import type { LayoutPaths } from './paths.ts'
import { SparseWriter } from './sparse-writer.ts'

/** An upload into a layout: a locked file in `ingest/` that is hashed as it grows. */
export class LayoutUpload implements Upload {
  readonly id: string
  readonly #paths: LayoutPaths
  readonly #file: FileHandle
  readonly #digester = new Digester()

  private constructor(id: string, paths: LayoutPaths, file: FileHandle) {
    this.id = id
    this.#paths = paths
    this.#file = file
  }

  static async begin(paths: LayoutPaths): Promise<LayoutUpload> {
    const id = randomUUID()
    try {
      const file = await open(paths.nameless(id), 'wx+', 0o644)
      tryLock(file)
      return new LayoutUpload(id, paths, file)
    } catch (cause) {
      throw storeError(cause, paths.nameless(id))
    }
  }

  get size(): number {
    return this.#digester.size
  }

  async append(bytes: Bytes, { signal }: Signalled = {}): Promise<void> {
    const writer = new SparseWriter(this.#file, this.size)
    try {
      for await (const chunk of bytes) {
        signal?.throwIfAborted()
        this.#digester.update(chunk)
        await writer.write(chunk)
      }
    } catch (cause) {
      throw storeError(cause, this.#paths.nameless(this.id))
    } finally {
      await writer.finish()
    }
  }

  async commit(digest: Digest): Promise<void> {
    try {
      checkDigest(digest, await this.#digest(digest))
      await publish(this.#file, this.#paths.nameless(this.id), this.#paths.blob(digest))
      await this.#file.close()
    } catch (error) {
      await this.abort()
      throw error
    }
  }

  async abort(): Promise<void> {
    await rm(this.#paths.nameless(this.id), { force: true })
    await this.#file.close()
  }

  /** The sender names the algorithm only at the end; one that is not ours means reading the file once more. */
  async #digest(wanted: Digest): Promise<Digest> {
    if (algorithmOf(wanted) === 'sha256') return this.#digester.digest()
    const again = new Digester(algorithmOf(wanted))
    for await (const chunk of createReadStream(this.#paths.nameless(this.id)))
      again.update(chunk as Uint8Array)
    return again.digest()
  }
}
