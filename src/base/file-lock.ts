import { type FileHandle, open } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { OvmsError } from './error.ts'
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
