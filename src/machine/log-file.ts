import { type FileHandle, open } from 'node:fs/promises'
import { storeError } from '../base/files.ts'
import { type Signalled, untilAborted } from '../base/signal.ts'
import { lastLineEnd, readBackwards } from './backwards.ts'
import type { LogRecord, LogStream } from './log-record.ts'

/**
 * The log of one instance while its daemon writes it. Records are whole or not there, and each says how far its stream
 * had been read: whoever opens the file later goes on exactly there.
 */
export class LogFile {
  readonly path: string
  readonly #file: FileHandle
  #size: number
  #isClosed = false
  #writing: Promise<unknown> = Promise.resolve()
  #grown = Promise.withResolvers<void>()

  private constructor(path: string, file: FileHandle, size: number) {
    this.path = path
    this.#file = file
    this.#size = size
  }

  /** Opens or makes the log; a record that a crash tore is cut off. */
  static async open(path: string): Promise<LogFile> {
    try {
      const file = await open(path, 'a+', 0o600).then(async (made) => {
        await made.close()
        return open(path, 'r+')
      })
      const size = await lastLineEnd(file)
      await file.truncate(size)
      return new LogFile(path, file, size)
    } catch (cause) {
      throw storeError(cause, path)
    }
  }

  /** Bytes of whole records. */
  get size(): number {
    return this.#size
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Appends records, all or none. */
  append(records: readonly LogRecord[]): Promise<void> {
    if (records.length === 0) return Promise.resolve()
    const bytes = Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(''))
    const turn = this.#writing.then(() => this.#write(bytes))
    this.#writing = turn.catch(() => {})
    return turn
  }

  /** How far a stream had been read when its last record was written. */
  async offsetOf(stream: LogStream): Promise<number> {
    const needle = `"stream":"${stream}",`
    for await (const line of readBackwards(this.#file, this.#size)) {
      if (!line.includes(needle)) continue
      const record = JSON.parse(line.toString('utf8')) as LogRecord
      if (record.stream === stream) return record.offset ?? 0
    }
    return 0
  }

  /** Waits until the file is longer than `size`, or closed. */
  async growth(size: number, options: Signalled): Promise<void> {
    while (this.#size <= size && !this.#isClosed) await untilAborted(this.#grown.promise, options)
  }

  async close(): Promise<void> {
    await this.#writing
    if (this.#isClosed) return
    this.#isClosed = true
    this.#announce()
    await this.#file.close()
  }

  async #write(bytes: Buffer): Promise<void> {
    try {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, this.#size + done)
        done += bytesWritten
      }
    } catch (cause) {
      await this.#file.truncate(this.#size).catch(() => {})
      throw storeError(cause, this.path)
    }
    this.#size += bytes.length
    this.#announce()
  }

  #announce(): void {
    const { resolve } = this.#grown
    this.#grown = Promise.withResolvers()
    resolve()
  }
}
