import { type FileHandle, open } from 'node:fs/promises'
import { storeError } from '../base/files.ts'
import type { Signalled } from '../base/signal.ts'
import { lastLineEnd, readBackwards } from './backwards.ts'
import type { LogFile } from './log-file.ts'
import type { LogRecord } from './log-record.ts'

/** Bytes read at once. */
const READ_BYTES = 256 * 1024

export interface ReadLogOptions extends Signalled {
  /** Only so many records of what is there already. */
  readonly tail?: number | undefined
  /** Only records from then on. */
  readonly since?: Date | undefined
  /** Goes on as this file grows, until it is closed. */
  readonly follow?: LogFile | undefined
}

/** Reads a log: chunks of whole NDJSON records, as they are stored. A slow reader holds nobody up. */
export async function* readLog(path: string, options: ReadLogOptions = {}): AsyncGenerator<Buffer> {
  const { follow, signal } = options
  const file = await openLog(path)
  try {
    let end = follow?.size ?? (await lastLineEnd(file))
    let position = await startOf(file, end, options)
    for (;;) {
      yield* readRange(file, position, end)
      position = end
      if (!follow) return
      await follow.growth(position, { signal })
      if (follow.size === position) return
      end = follow.size
    }
  } finally {
    await file.close()
  }
}

async function openLog(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (cause) {
    throw storeError(cause, path)
  }
}

/** Where reading begins: found from the end, because the last hour of a long log is what people ask for. */
async function startOf(file: FileHandle, end: number, { tail, since }: ReadLogOptions): Promise<number> {
  if (tail === undefined && since === undefined) return 0
  let start = end
  let left = tail ?? Number.POSITIVE_INFINITY
  if (left <= 0) return end
  for await (const line of readBackwards(file, end)) {
    if (since && timeOf(line) < since.getTime()) break
    start -= line.length + 1
    if (--left <= 0) break
  }
  return start
}

function timeOf(line: Buffer): number {
  const record = JSON.parse(line.toString('utf8')) as LogRecord
  return Date.parse(record.time)
}

/** Chunks that end with a line; `end` is behind one. */
async function* readRange(file: FileHandle, start: number, end: number): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  for (let position = start; position < end; ) {
    const { buffer, bytesRead } = await file.read(
      Buffer.allocUnsafe(READ_BYTES),
      0,
      Math.min(READ_BYTES, end - position),
      position,
    )
    if (bytesRead === 0) return
    position += bytesRead
    const bytes = Buffer.concat([rest, buffer.subarray(0, bytesRead)])
    const cut = bytes.lastIndexOf(0x0a) + 1
    rest = bytes.subarray(cut)
    if (cut > 0) yield bytes.subarray(0, cut)
  }
}
