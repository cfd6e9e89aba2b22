import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { extract, type Header } from 'tar-stream'
import { messageOf, OvmsError } from '../base/error.ts'
import type { Signalled } from '../base/signal.ts'
import { type Bytes, collect, untilAbort } from '../base/streams.ts'
import type { BlobStat, ContentSource, OpenOptions } from '../content/ports.ts'
import type { Descriptor } from '../model/descriptor.ts'
import { type Digest, isDigest } from '../model/digest.ts'
import { MAX_MANIFEST_BYTES } from '../model/json-document.ts'
import { parseOciIndex } from '../model/oci-index.ts'
import { nameOf, withoutNameAnnotation } from './index-file.ts'
import type { StoreEntry } from './layout-store.ts'

/** Bytes read from a blob at once. */
const READ_BYTES = 256 * 1024

/** Where the bytes of a blob lie in the archive. */
interface Extent {
  readonly offset: number
  readonly size: number
}

/**
 * An OCI image layout in a tar file. Its blobs are read where they lie; no entry is ever unpacked, so no entry name
 * becomes a path.
 */
export class ArchiveReader implements ContentSource, BlobStat, AsyncDisposable {
  readonly #file: FileHandle
  readonly #blobs: ReadonlyMap<Digest, Extent>
  readonly #entries: readonly Descriptor[]

  private constructor(file: FileHandle, blobs: ReadonlyMap<Digest, Extent>, entries: readonly Descriptor[]) {
    this.#file = file
    this.#blobs = blobs
    this.#entries = entries
  }

  /** @throws {OvmsError} `archive-invalid`, `file-unreadable`, `manifest-invalid` */
  static async open(path: string, options: Signalled = {}): Promise<ArchiveReader> {
    const file = await open(path, 'r').catch((cause: unknown) => {
      throw new OvmsError('file-unreadable', `Cannot read ${path}: ${messageOf(cause)}`, {
        cause,
        actual: path,
      })
    })
    try {
      const { blobs, index } = await scan(path, options)
      return new ArchiveReader(file, blobs, parseOciIndex(index).value.manifests)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  async list(): Promise<readonly StoreEntry[]> {
    return this.#entries.map((entry) => {
      const name = nameOf(entry)
      return { root: withoutNameAnnotation(entry), ...(name !== undefined && { name }) }
    })
  }

  async resolve(name: string): Promise<Descriptor> {
    const entry = this.#entries.find((each) => nameOf(each) === name || each.digest === name)
    if (entry) return withoutNameAnnotation(entry)
    throw new OvmsError('reference-unknown', `The archive has no artifact ${name}`, { actual: name })
  }

  async open({ digest }: Descriptor, { from = 0, signal }: OpenOptions = {}): Promise<Bytes> {
    const { offset, size } = this.#extent(digest)
    return untilAbort(readRange(this.#file, offset + from, offset + size), { signal })
  }

  async stat(digest: Digest): Promise<{ readonly size: number }> {
    return { size: this.#extent(digest).size }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close()
  }

  #extent(digest: Digest): Extent {
    const extent = this.#blobs.get(digest)
    if (extent) return extent
    throw new OvmsError('blob-unknown', `The archive has no blob ${digest}`, { actual: digest })
  }
}

/** A stream for each blob would listen to the one file, too many at once for Node's taste. */
async function* readRange(file: FileHandle, start: number, end: number): Bytes {
  for (let position = start; position < end; ) {
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, end - position))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position)
    if (bytesRead === 0) return
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

/** One pass over the headers; of the bodies only `index.json` is kept. */
async function scan(
  path: string,
  { signal }: Signalled,
): Promise<{ blobs: Map<Digest, Extent>; index: Buffer }> {
  const blobs = new Map<Digest, Extent>()
  let index: Buffer | undefined
  const entries = extract()
  const input = createReadStream(path, { highWaterMark: 1024 * 1024, ...(signal && { signal }) })
  input.on('error', (error) => entries.destroy(error)).pipe(entries)
  try {
    for await (const entry of entries) {
      // Declared by tar-stream's documentation but not by its types.
      const { name, size = 0, byteOffset } = entry.header as Header & { readonly byteOffset: number }
      const digest = digestOfEntry(name)
      if (digest) blobs.set(digest, { offset: byteOffset, size })
      if (name.replace(/^\.\//, '') === 'index.json')
        index = await collect(entry as Bytes, MAX_MANIFEST_BYTES, 'index.json')
      else entry.resume()
    }
  } catch (cause) {
    if (signal?.aborted) throw signal.reason
    throw new OvmsError('archive-invalid', `${path} is not a tar archive: ${messageOf(cause)}`, {
      cause,
      actual: path,
    })
  }
  if (index) return { blobs, index }
  throw new OvmsError('archive-invalid', `${path} has no index.json, so it is no OCI archive`, {
    actual: path,
    hint: 'Make one with "ovm save" or "skopeo copy … oci-archive:FILE"',
  })
}

function digestOfEntry(name: string): Digest | undefined {
  const [, algorithm, hex] = /^(?:\.\/)?blobs\/([a-z0-9]+)\/([0-9a-f]+)$/.exec(name) ?? []
  const digest = `${algorithm}:${hex}`
  return isDigest(digest) ? digest : undefined
}
