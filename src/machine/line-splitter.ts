import { isUtf8 } from 'node:buffer'
import type { LogRecord } from './log-record.ts'

/** A record before it has a time and a stream. */
export type LogPiece = Pick<LogRecord, 'line' | 'partial' | 'base64'> & { readonly offset: number }

/** Longest record, in bytes of the stream: what a guest writes without a line end must not gather in memory. */
export const MAX_PIECE_BYTES = 16 * 1024

const NEWLINE = 0x0a
const RETURN = 0x0d

/** Cuts bytes into lines. Nothing is lost: pieces and line ends together are the bytes that came in. */
export class LineSplitter {
  #rest: Buffer = Buffer.alloc(0)
  #offset: number

  /** @param offset bytes of the stream that came before */
  constructor(offset = 0) {
    this.#offset = offset
  }

  get hasRest(): boolean {
    return this.#rest.length > 0
  }

  /** Takes bytes. @returns the lines they complete */
  push(bytes: Uint8Array): LogPiece[] {
    this.#rest = this.#rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes])
    const pieces: LogPiece[] = []
    for (let end = this.#rest.indexOf(NEWLINE); end >= 0; end = this.#rest.indexOf(NEWLINE)) {
      const left = this.#cutLong(pieces, end)
      pieces.push(this.#take(left, left + 1, false))
    }
    this.#cutLong(pieces, this.#rest.length)
    return pieces
  }

  /** What has come of a line that is not complete. A character or line end of which a byte is missing waits. */
  flush(): LogPiece[] {
    const length = wholeLength(this.#rest)
    return length === 0 ? [] : [this.#take(length, length, true)]
  }

  /** Whatever is left, when nothing more will come. */
  end(): LogPiece[] {
    const { length } = this.#rest
    return length === 0 ? [] : [this.#take(length, length, true)]
  }

  /** Takes pieces off a line of `length` bytes until it is short enough. @returns the bytes that are left of it */
  #cutLong(pieces: LogPiece[], length: number): number {
    let left = length
    while (left > MAX_PIECE_BYTES) {
      const whole = wholeLength(this.#rest.subarray(0, MAX_PIECE_BYTES))
      pieces.push(this.#take(whole, whole, true))
      left -= whole
    }
    return left
  }

  #take(length: number, consumed: number, partial: boolean): LogPiece {
    const hasReturn = consumed > length && this.#rest[length - 1] === RETURN
    const bytes = this.#rest.subarray(0, hasReturn ? length - 1 : length)
    this.#rest = this.#rest.subarray(consumed)
    this.#offset += consumed
    return {
      line: bytes.toString('utf8'),
      ...(partial && { partial }),
      ...(!isUtf8(bytes) && { base64: bytes.toString('base64') }),
      offset: this.#offset,
    }
  }
}

/** How many bytes can go without tearing a UTF-8 character, or a carriage return from the newline it may belong to. */
function wholeLength(bytes: Buffer): number {
  const { length } = bytes
  if (bytes[length - 1] === RETURN) return length - 1
  for (let back = 1; back <= Math.min(3, length); back++) {
    const byte = bytes[length - back] ?? 0
    if ((byte & 0xc0) === 0x80) continue
    return characterLength(byte) > back ? length - back : length
  }
  return length
}

function characterLength(first: number): number {
  if (first >= 0xf0 && first <= 0xf4) return 4
  if (first >= 0xe0) return first <= 0xef ? 3 : 1
  return first >= 0xc2 ? 2 : 1
}
