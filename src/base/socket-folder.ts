import { stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { OvmsError } from './error.ts'
import { statOrNothing } from './files.ts'

/** Permission bits: others may write; only owners may remove what is in the folder. */
const WRITABLE_BY_OTHERS = 0o022
const STICKY = 0o1000

/**
 * Proves that whoever listens on a socket is this user or root: in a folder of somebody else's, or one that others may
 * write to, the socket could be theirs. A folder that is not there is no danger.
 *
 * @throws {OvmsError} `socket-in-use`
 */
export async function requireTrustedSocket(path: string, folder: string): Promise<void> {
  const found = await statOrNothing(folder)
  if (!found) return
  const isShared = (found.mode & WRITABLE_BY_OTHERS) !== 0
  const socket = isShared ? await stat(path).catch(() => undefined) : undefined
  const isSafe =
    isTrusted(found.uid) && (!isShared || ((found.mode & STICKY) !== 0 && isTrusted(socket?.uid)))
  if (isSafe) return
  throw new OvmsError('socket-in-use', `Others may have put their socket into ${folder}`, {
    actual: { uid: found.uid, mode: (found.mode & 0o7777).toString(8) },
    hint: 'Give the daemon a folder of your own with OVM_SOCKET, or take the rights of others away',
  })
}

/** A socket that is not there yet will be ours. */
function isTrusted(uid: number | undefined): boolean {
  return uid === undefined || uid === 0 || uid === userInfo().uid
}
