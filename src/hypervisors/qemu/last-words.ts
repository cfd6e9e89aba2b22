import { open } from 'node:fs/promises'

/** Bytes of the end of a log that are looked at. */
const TAIL_BYTES = 8 * 1024
const LINES = 6

/** The last lines a program wrote, without its own name before each. */
export async function lastWords(path: string): Promise<string> {
  const text = await readTail(path).catch(() => '')
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return lines
    .slice(-LINES)
    .map((line) => line.replace(/^\S*qemu-system-[a-z0-9_]+: /, ''))
    .join('\n')
}

async function readTail(path: string): Promise<string> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const start = Math.max(0, size - TAIL_BYTES)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start)
    return buffer.subarray(0, bytesRead).toString('utf8')
  } finally {
    await file.close()
  }
}
