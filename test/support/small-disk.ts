import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { systemCode } from '../../src/base/error.ts'
import { temporaryFolder } from './folders.ts'

export interface SmallDisk extends AsyncDisposable {
  readonly path: string
  /** Takes all the room that is left. */
  fill(): void
  resize(megabytes: number): void
}

/** A file system of a few megabytes. @returns why there can be none here, as a text, where there cannot */
export async function smallDisk(megabytes: number): Promise<SmallDisk | string> {
  const folder = await temporaryFolder()
  const path = join(folder.path, 'small')
  mkdirSync(path)
  const mount = (...args: string[]) => execFileSync('mount', args, { stdio: 'pipe' })
  try {
    mount('-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path)
  } catch (error) {
    await folder[Symbol.asyncDispose]()
    return `a small tmpfs cannot be mounted here: ${String((error as { stderr?: unknown }).stderr ?? error).trim()}`
  }
  return {
    path,
    fill: () => fill(join(path, 'filler')),
    resize: (size) => mount('-o', `remount,size=${size}m`, path),
    async [Symbol.asyncDispose]() {
      execFileSync('umount', ['-l', path])
      await folder[Symbol.asyncDispose]()
    },
  }
}

function fill(path: string): void {
  const file = openSync(path, 'w')
  try {
    for (let size = 1 << 20; size >= 1; ) {
      try {
        writeSync(file, Buffer.alloc(size))
      } catch (error) {
        if (systemCode(error) !== 'ENOSPC') throw error
        size = size >> 1
      }
    }
  } finally {
    closeSync(file)
  }
}
