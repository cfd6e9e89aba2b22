import { randomUUID } from 'node:crypto'
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type Pack, pack } from 'tar-stream'
import { isOvmsError, messageOf, OvmsError, systemCode } from '../base/error.ts'
import { syncFolder } from '../base/files.ts'
import { Limit } from '../base/limit.ts'
import { type Opener, openerOf } from '../base/streams.ts'
import type { ContentSink, PutOptions } from '../content/ports.ts'
import { verified } from '../content/verified.ts'
import type { Descriptor } from '../model/descriptor.ts'
import { algorithmOf, type Digest, hexOf } from '../model/digest.ts'
import { jsonBytes } from '../model/json-document.ts'
import { MEDIA_TYPES } from '../model/media-types.ts'
import { type Entries, withName } from './index-file.ts'

/** An OCI image layout in a tar file, while it is written. The file has its name only when it is whole. */
export class ArchiveWriter implements ContentSink, AsyncDisposable {
  readonly #path: string
  readonly #temporary: string
  readonly #pack: Pack = pack()
  readonly #written: Promise<void>
  /** A tar file takes one entry after the other. */
  readonly #turn = new Limit(1)
  readonly #blobs = new Set<Digest>()
  #entries: Entries = []
  #isFinished = false

  private constructor(path: string, temporary: string, file: FileHandle) {
    this.#path = path
    this.#temporary = temporary
    this.#written = pipeline(this.#pack, file.createWriteStream({ flush: true }))
    // Whoever writes an entry or finishes learns of the failure.
    this.#written.catch(() => {})
  }

  /** @throws {OvmsError} `file-unwritable`, as everything that writes to it */
  static async create(path: string): Promise<ArchiveWriter> {
    const temporary = `${path}.${randomUUID()}.tmp`
    const file = await open(temporary, 'wx').catch((cause: unknown) => {
      throw unwritable(cause, path)
    })
    return new ArchiveWriter(path, temporary, file)
  }

  async has(blob: Descriptor): Promise<boolean> {
    return this.#blobs.has(blob.digest)
  }

  async put(blob: Descriptor, source: Opener, { signal, onBytes }: PutOptions = {}): Promise<void> {
    using _turn = await this.#turn.enter({ signal })
    if (this.#blobs.has(blob.digest)) return
    const name = `blobs/${algorithmOf(blob.digest)}/${hexOf(blob.digest)}`
    await this.#write(name, blob.size, counted(verified(await source(0, { signal }), blob), onBytes))
    this.#blobs.add(blob.digest)
  }

  async tag(name: string, target: Descriptor): Promise<void> {
    if (!this.#blobs.has(target.digest)) {
      throw new OvmsError('blob-unknown', `The archive has no blob ${target.digest}`, {
        actual: target.digest,
      })
    }
    this.#entries = withName(this.#entries, name, target)
  }

  async finish(): Promise<number> {
    await this.#writeSmall('oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}\n'))
    const index = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: this.#entries }
    await this.#writeSmall('index.json', jsonBytes(index))
    this.#pack.finalize()
    try {
      await this.#written
      await rename(this.#temporary, this.#path)
      await syncFolder(dirname(this.#path) || '.')
    } catch (cause) {
      throw unwritable(cause, this.#path)
    }
    this.#isFinished = true
    return (await stat(this.#path)).size
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isFinished) return
    this.#pack.destroy()
    await this.#written.catch(() => {})
    await rm(this.#temporary, { force: true })
  }

  async #writeSmall(name: string, bytes: Uint8Array): Promise<void> {
    await this.#write(name, bytes.length, await openerOf(bytes)(0, {}))
  }

  async #write(name: string, size: number, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      // A fixed time: the same artifacts give the same archive.
      const entry = this.#pack.entry({ name, size, mode: 0o644, mtime: new Date(0) })
      await Promise.race([pipeline(bytes, entry as unknown as NodeJS.WritableStream), this.#written])
    } catch (cause) {
      throw unwritable(cause, this.#path)
    }
  }
}

/** A failed file operation as an error of the file the user named; what the source of the bytes says stays as it is. */
function unwritable(cause: unknown, path: string): unknown {
  const code = systemCode(cause)
  if (code === undefined || isOvmsError(cause)) return cause
  const isFull = code === 'ENOSPC' || code === 'EDQUOT'
  return new OvmsError('file-unwritable', `Cannot write ${path}: ${messageOf(cause)}`, {
    cause,
    actual: path,
    hint: isFull
      ? 'Make room on that disk, or write to another one'
      : 'Name a file in a folder you may write to',
  })
}

async function* counted(
  bytes: AsyncIterable<Uint8Array>,
  onBytes: PutOptions['onBytes'],
): AsyncIterable<Uint8Array> {
  for await (const chunk of bytes) {
    onBytes?.(chunk.length, 'moved')
    yield chunk
  }
}
