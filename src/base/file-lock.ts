import { constants } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { OvmsError, systemCode } from './error.ts'
import { statOrNothing } from './files.ts'
import { type Signalled, sleep } from './signal.ts'

/** How long to wait between two tries for a lock, ms: grows from a blink to what a person does not notice. */
const FIRST_WAIT_MS = 5
const LONGEST_WAIT_MS = 100

interface NativeLocks {
  tryLock(fd: number, options?: { readonly shared?: boolean }): boolean
}

let native: NativeLocks | undefined

/**
 * Tries to lock an open file against all other holders, of this process too. The kernel gives the lock back when the
 * file is closed or the process ends however it ends, so nobody has to guess whether a lock is stale.
 */
export function tryLock(file: FileHandle, { shared = false } = {}): boolean {
  native ??= createRequire(import.meta.url)('fs-native-extensions') as NativeLocks
  return native.tryLock(file.fd, { shared })
}

export interface LockOptions extends Signalled {
  readonly shared?: boolean
  /** Gives up after so many milliseconds. */
  readonly timeoutMs?: number
}

/** Locks the file at `path`, which is made where it is missing and stays. Dispose to unlock. */
export async function lockFile(
  path: string,
  { shared, signal, timeoutMs }: LockOptions = {},
): Promise<AsyncDisposable> {
  const file = await open(path, 'a+', 0o600)
  try {
    const end = timeoutMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + timeoutMs
    let wait = FIRST_WAIT_MS
    while (!tryLock(file, { shared: shared ?? false })) {
      if (Date.now() >= end) throw new OvmsError('in-use', `${path} is locked by another process`)
      await sleep(wait, { signal })
      wait = Math.min(wait * 2, LONGEST_WAIT_MS)
    }
    return { [Symbol.asyncDispose]: () => file.close() }
  } catch (error) {
    await file.close()
    throw error
  }
}

/**
 * Opens and locks a file that {@link removeUnheld} may take away, and makes it where it is missing.
 *
 * @returns the file, locked until it is closed; undefined while another holds it, or when it went meanwhile
 */
export async function openHeld(path: string, mode = 0o644): Promise<FileHandle | undefined> {
  const file = await open(path, constants.O_RDWR | constants.O_CREAT, mode)
  try {
    if (tryLock(file) && (await isStillAt(file, path))) return file
  } catch (error) {
    await file.close()
    throw error
  }
  await file.close()
  return undefined
}

/** As {@link openHeld}, for a name that is nobody else's: it is made again until it stays. */
export async function createHeld(path: string, mode = 0o644): Promise<FileHandle> {
  for (;;) {
    const file = await openHeld(path, mode)
    if (file) return file
  }
}

/** Removes a file that nobody holds; while it goes it is held here. @returns whether it is gone */
export async function removeUnheld(path: string, { dryRun = false } = {}): Promise<boolean> {
  let file: FileHandle | undefined
  try {
    file = await open(path, 'r+')
    if (!tryLock(file) || !(await isStillAt(file, path))) return false
    if (!dryRun) await rm(path)
    return true
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return true
    throw error
  } finally {
    await file?.close()
  }
}

/** Between opening and locking the file may have been renamed or removed by its holder. */
async function isStillAt(file: FileHandle, path: string): Promise<boolean> {
  const [mine, there] = [await file.stat(), await statOrNothing(path)]
  return mine.ino === there?.ino
}
