import { type FSWatcher, watch } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { LineSplitter, type LogPiece } from './line-splitter.ts'

/** Bytes read at once. */
const READ_BYTES = 256 * 1024

/** How long a started line may be silent before it is shown as it is, ms: a prompt must not wait for its line end. */
const SILENCE_MS = 30

/** The safety net where the system's notices fail or are lost, ms. */
const POLL_MS = 500

/** Reads what is appended to a file, as soon as it is, and hands it on in pieces. */
export class LogTail {
  readonly #file: FileHandle
  readonly #deliver: (pieces: LogPiece[]) => Promise<void>
  readonly #watcher: FSWatcher | undefined
  readonly #poll: NodeJS.Timeout
  readonly #buffer = Buffer.allocUnsafe(READ_BYTES)
  #splitter: LineSplitter
  #position: number
  /** Bytes whose pieces were delivered: where to go on after a delivery that failed. */
  #delivered: number
  #silence: NodeJS.Timeout | undefined
  #pumping: Promise<void> | undefined
  #isWanted = false
  #isStopped = false

  private constructor(file: FileHandle, { path, from, deliver }: LogTailOptions) {
    this.#file = file
    this.#deliver = deliver
    this.#splitter = new LineSplitter(from)
    this.#position = from
    this.#delivered = from
    this.#watcher = watchOrNot(path, () => this.#wake())
    this.#poll = setInterval(() => this.#wake(), POLL_MS).unref()
    this.#wake()
  }

  /** The file is made where it is missing. */
  static async open(options: LogTailOptions): Promise<LogTail> {
    await open(options.path, 'a', 0o600).then((made) => made.close())
    return new LogTail(await open(options.path, 'r'), options)
  }

  /** Delivers all there is, also a line that has no end, and stops. For a file that nobody writes any more. */
  async finish(): Promise<void> {
    await this.#stop()
    await this.#readOn().catch(() => {})
    await this.#hand(this.#splitter.end()).catch(() => {})
    await this.#file.close()
  }

  /** Stops where it is; a later tail goes on there. */
  async suspend(): Promise<void> {
    await this.#stop()
    await this.#file.close()
  }

  async #stop(): Promise<void> {
    this.#isStopped = true
    this.#watcher?.close()
    clearInterval(this.#poll)
    clearTimeout(this.#silence)
    await this.#pumping
  }

  #wake(): void {
    this.#isWanted = true
    if (!this.#isStopped && !this.#pumping) this.#run(() => this.#readAll())
  }

  /** One thing at a time; what was wished for meanwhile comes next. */
  #run(work: () => Promise<void>): void {
    this.#pumping = work()
      .catch(() => this.#rewind())
      .finally(() => {
        this.#pumping = undefined
        if (this.#isWanted) this.#wake()
      })
  }

  async #readAll(): Promise<void> {
    while (this.#isWanted && !this.#isStopped) {
      this.#isWanted = false
      await this.#readOn()
    }
  }

  async #readOn(): Promise<void> {
    for (;;) {
      const { bytesRead } = await this.#file.read(this.#buffer, 0, READ_BYTES, this.#position)
      if (bytesRead === 0) return
      clearTimeout(this.#silence)
      this.#position += bytesRead
      await this.#hand(this.#splitter.push(this.#buffer.subarray(0, bytesRead)))
      if (this.#splitter.hasRest && !this.#isStopped) this.#expectSilence()
    }
  }

  #expectSilence(): void {
    this.#silence = setTimeout(() => {
      if (this.#isStopped) return
      if (this.#pumping) this.#expectSilence()
      else this.#run(() => this.#hand(this.#splitter.flush()))
    }, SILENCE_MS).unref()
  }

  async #hand(pieces: LogPiece[]): Promise<void> {
    const last = pieces.at(-1)
    if (!last) return
    await this.#deliver(pieces)
    this.#delivered = last.offset
  }

  /** The disk may be full: everything since the last delivery is read again at the next poll. */
  #rewind(): void {
    this.#position = this.#delivered
    this.#splitter = new LineSplitter(this.#delivered)
  }
}

export interface LogTailOptions {
  readonly path: string
  /** Offset of the first byte that was not delivered yet. */
  readonly from: number
  readonly deliver: (pieces: LogPiece[]) => Promise<void>
}

/** The number of watches is limited by the system; without one the poll alone finds what is new. */
function watchOrNot(path: string, onChange: () => void): FSWatcher | undefined {
  try {
    return watch(path, { persistent: false }, onChange).on('error', () => {})
  } catch {
    return undefined
  }
}
