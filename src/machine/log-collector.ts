import { statOrNothing } from '../base/files.ts'
import type { InstancePaths } from './instance-paths.ts'
import type { LogPiece } from './line-splitter.ts'
import { LogFile } from './log-file.ts'
import type { LogRecord, LogStream } from './log-record.ts'
import { LogTail } from './log-tail.ts'

export interface LogCollectorOptions {
  readonly now?: () => Date
  /** Told once, of the first bytes that this collector sees on the console. */
  readonly onFirstOutput?: () => void
}

/** Gathers all that is said by and about one instance into one log, in the order it was seen. */
export class LogCollector {
  readonly file: LogFile
  readonly #tails: LogTail[] = []
  readonly #now: () => Date
  #onFirstOutput: (() => void) | undefined

  private constructor(file: LogFile, { now = () => new Date(), onFirstOutput }: LogCollectorOptions) {
    this.file = file
    this.#now = now
    this.#onFirstOutput = onFirstOutput
  }

  /** Starts to gather, from where an earlier collector of the same instance had come to. */
  static async open(paths: InstancePaths, options: LogCollectorOptions = {}): Promise<LogCollector> {
    const collector = new LogCollector(await LogFile.open(paths.log), options)
    await collector.#tail('console', paths.console)
    await collector.#tail('hypervisor', paths.hypervisorLog)
    return collector
  }

  /** Records something in the life of the instance. */
  note(line: string): Promise<void> {
    return this.file.append([{ time: this.#now().toISOString(), stream: 'lifecycle', line }])
  }

  /** Gathers what is left when the machine has ended. The log stays open for last notes. */
  async drain(): Promise<void> {
    await Promise.all(this.#tails.splice(0).map((tail) => tail.finish()))
  }

  /** Ends after {@link drain}, or lets go for a later collector. */
  async close(): Promise<void> {
    await Promise.all(this.#tails.splice(0).map((tail) => tail.suspend()))
    await this.file.close()
  }

  async #tail(stream: LogStream, path: string): Promise<void> {
    // The hypervisor mostly says nothing: then the whole log would be searched for a record that is not there.
    const isEmpty = ((await statOrNothing(path))?.size ?? 0) === 0
    const from = isEmpty ? 0 : await this.file.offsetOf(stream)
    const deliver = (pieces: LogPiece[]) => this.#deliver(stream, pieces)
    this.#tails.push(await LogTail.open({ path, from, deliver }))
  }

  #deliver(stream: LogStream, pieces: readonly LogPiece[]): Promise<void> {
    const time = this.#now().toISOString()
    if (stream === 'console') {
      this.#onFirstOutput?.()
      this.#onFirstOutput = undefined
    }
    return this.file.append(pieces.map((piece): LogRecord => ({ time, stream, ...piece })))
  }
}
