import type { FileHandle } from 'node:fs/promises'

/** Bytes read at once. */
const BLOCK_BYTES = 256 * 1024

const NEWLINE = 0x0a

/** The lines of a file from the last to the first, without their ends. `size` must be behind a line end. */
export async function* readBackwards(file: FileHandle, size: number): AsyncGenerator<Buffer> {
  let tail: Buffer = Buffer.alloc(0)
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - BLOCK_BYTES)
    let block = Buffer.concat([await readBlock(file, start, end), tail])
    for (let line = lineStart(block); line > 0; line = lineStart(block)) {
      yield block.subarray(line, block.length - 1)
      block = block.subarray(0, line)
    }
    tail = block
    end = start
  }
  if (tail.length > 0) yield tail.subarray(0, -1)
}

/** Where the last whole line of a file ends; 0 where there is none. */
export async function lastLineEnd(file: FileHandle): Promise<number> {
  const { size } = await file.stat()
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - BLOCK_BYTES)
    const found = (await readBlock(file, start, end)).lastIndexOf(NEWLINE)
    if (found >= 0) return start + found + 1
    end = start
  }
  return 0
}

/** Where the last line of a block starts, as far as the block shows: 0 when it may have begun before. */
function lineStart(block: Buffer): number {
  return block.length < 2 ? 0 : block.lastIndexOf(NEWLINE, block.length - 2) + 1
}

async function readBlock(file: FileHandle, start: number, end: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start), 0, end - start, start)
  return buffer.subarray(0, bytesRead)
}
