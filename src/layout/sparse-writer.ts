import type { FileHandle } from 'node:fs/promises'

/** Bytes gathered before one write: a system call per network chunk (16-64 KiB) would cost more than the copy. */
const BATCH_BYTES = 1024 * 1024

/** Smallest run of zeros that becomes a hole, in bytes: the cluster of qcow2, several file-system blocks. */
const HOLE_BYTES = 64 * 1024
const ZEROS = Buffer.alloc(HOLE_BYTES)

/** Writes a stream into a file, in large pieces, and leaves holes where there are only zeros. */
export class SparseWriter {
  readonly #file: FileHandle
  #position: number
  #batch: Uint8Array[] = []
  #batchBytes = 0
  /** The write that is under way: the next batch is gathered and hashed meanwhile. */
  #writing: Promise<unknown> = Promise.resolve()

  constructor(file: FileHandle, position = 0) {
    this.#file = file
    this.#position = position
  }

  async write(chunk: Uint8Array): Promise<void> {
    for (let start = 0; start < chunk.length; start += HOLE_BYTES) {
      const piece = chunk.subarray(start, start + HOLE_BYTES)
      if (isZero(piece)) await this.#skip(piece.length)
      else this.#append(piece)
    }
    if (this.#batchBytes >= BATCH_BYTES) await this.#flush()
  }

  /** Writes what is left and gives the file its full size, also when it ends in a hole. */
  async finish(): Promise<void> {
    await this.#flush()
    await this.#writing
    await this.#file.truncate(this.#position)
  }

  #append(piece: Uint8Array): void {
    this.#batch.push(piece)
    this.#batchBytes += piece.length
  }

  async #skip(bytes: number): Promise<void> {
    await this.#flush()
    this.#position += bytes
  }

  async #flush(): Promise<void> {
    await this.#writing
    if (this.#batchBytes === 0) return
    const batch = this.#batch
    const position = this.#position
    this.#position += this.#batchBytes
    this.#batch = []
    this.#batchBytes = 0
    this.#writing = writeAll(this.#file, batch, position)
    // The error is thrown by whoever awaits the write next; until then it must not count as unhandled.
    this.#writing.catch(() => {})
  }
}

async function writeAll(file: FileHandle, chunks: Uint8Array[], position: number): Promise<void> {
  const bytes = chunks.reduce((sum, { length }) => sum + length, 0)
  const { bytesWritten } = await file.writev(chunks, position)
  // A short write is how the kernel announces a full disk; the rest, written alone, then fails with ENOSPC.
  if (bytesWritten < bytes)
    await writeRest(file, Buffer.concat(chunks).subarray(bytesWritten), position + bytesWritten)
}

async function writeRest(file: FileHandle, rest: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < rest.length; ) {
    const { bytesWritten } = await file.write(rest, done, rest.length - done, position + done)
    done += bytesWritten
  }
}

function isZero(piece: Uint8Array): boolean {
  return piece[0] === 0 && ZEROS.compare(piece, 0, piece.length, 0, piece.length) === 0
}
