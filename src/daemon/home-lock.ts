import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isOvmsError, OvmsError } from '../base/error.ts'
import { lockFile } from '../base/file-lock.ts'
import { makeFolder } from '../base/files.ts'

/**
 * Takes a home for this process alone, until disposed of.
 *
 * @throws {OvmsError} `socket-in-use`
 */
export async function lockHome(home: string): Promise<AsyncDisposable> {
  await makeFolder(home, 0o700)
  const path = join(home, 'daemon.lock')
  try {
    const lock = await lockFile(path, { timeoutMs: 0 })
    await writeFile(path, `${process.pid}\n`)
    return lock
  } catch (cause) {
    if (!isOvmsError(cause, 'in-use')) throw cause
    const pid = (await readFile(path, 'utf8').catch(() => '')).trim()
    throw new OvmsError('socket-in-use', `Another daemon${pid && ` (process ${pid})`} looks after ${home}`, {
      cause,
      actual: home,
      hint: 'Use that one, or set OVM_HOME to another folder',
    })
  }
}
