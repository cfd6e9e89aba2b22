import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, rm } from 'node:fs/promises'
import { OvmsError } from '../base/error.ts'
import { createHeld } from '../base/file-lock.ts'
import { storeError } from '../base/files.ts'
import type { Signalled } from '../base/signal.ts'
import { type Bytes, untilAbort } from '../base/streams.ts'
import type { Upload } from '../content/ports.ts'
import { checkDigest } from '../content/verified.ts'
import { algorithmOf, type Digest, Digester } from '../model/digest.ts'
import { publish } from './ingest.ts'
import type { LayoutPaths } from './paths.ts'
import { SparseWriter } from './sparse-writer.ts'

/** An upload into a layout: a locked file in `ingest/` that is hashed as it grows. */
export class LayoutUpload implements Upload {
  readonly id: string
  readonly #path: string
  readonly #paths: LayoutPaths
  readonly #file: FileHandle
  readonly #digester = new Digester()
  #isBusy = false
  /** Set when the disk did not take what had been hashed: from then on file and hash differ. */
  #failure: unknown

  private constructor(id: string, paths: LayoutPaths, file: FileHandle) {
    this.id = id
    this.#path = paths.nameless(id)
    this.#paths = paths
    this.#file = file
  }

  static async begin(paths: LayoutPaths): Promise<LayoutUpload> {
    const id = randomUUID()
    try {
      return new LayoutUpload(id, paths, await createHeld(paths.nameless(id)))
    } catch (cause) {
      throw storeError(cause, paths.nameless(id))
    }
  }

  get size(): number {
    return this.#digester.size
  }

  async append(bytes: Bytes, { signal }: Signalled = {}): Promise<void> {
    using _turn = this.#enter()
    const writer = new SparseWriter(this.#file, this.size)
    try {
      for await (const chunk of untilAbort(bytes, { signal })) {
        this.#digester.update(chunk)
        await this.#written(writer.write(chunk))
      }
    } finally {
      await this.#written(writer.finish())
    }
  }

  async commit(digest: Digest): Promise<void> {
    using _turn = this.#enter()
    try {
      checkDigest(digest, await this.#digest(digest))
      await publish(this.#file, this.#path, this.#paths.blob(digest))
      await this.#file.close()
    } catch (cause) {
      await this.abort()
      throw storeError(cause, this.#path)
    }
  }

  async abort(): Promise<void> {
    await rm(this.#path, { force: true })
    await this.#file.close()
  }

  /** Two senders at once would be hashed in one order and written in another. */
  #enter(): Disposable {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#isBusy) throw new OvmsError('in-use', `Upload ${this.id} is being sent by somebody else`)
    this.#isBusy = true
    return {
      [Symbol.dispose]: () => {
        this.#isBusy = false
      },
    }
  }

  async #written(writing: Promise<void>): Promise<void> {
    try {
      await writing
    } catch (cause) {
      this.#failure ??= storeError(cause, this.#path)
      await this.abort()
      throw this.#failure
    }
  }

  /** The sender names the algorithm only at the end; one that is not ours means reading the file once more. */
  async #digest(wanted: Digest): Promise<Digest> {
    if (algorithmOf(wanted) === 'sha256') return this.#digester.digest()
    const again = new Digester(algorithmOf(wanted))
    for await (const chunk of createReadStream(this.#path)) again.update(chunk as Uint8Array)
    return again.digest()
  }
}
