import { createHash } from 'node:crypto'
import { homedir, tmpdir, userInfo } from 'node:os'
import { join, resolve } from 'node:path'

type Environment = Readonly<Record<string, string | undefined>>

/** Longest path a Unix socket can have, in bytes, less the ending zero and a name of the daemon's own (unix(7): 108). */
const MAX_SOCKET_BYTES = 90

/** Where everything of one user is kept: OVM_HOME, else a folder among the user's data (XDG base directories). */
export function homeFolder(environment: Environment): string {
  const { OVM_HOME, XDG_DATA_HOME } = environment
  if (OVM_HOME) return resolve(OVM_HOME)
  return join(XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'ovms')
}

/** Where sockets are: below the home, unless its path is too long for one. */
export function runFolder(home: string): string {
  const folder = join(home, 'run')
  if (Buffer.byteLength(folder) <= MAX_SOCKET_BYTES - 20) return folder
  const name = createHash('sha256').update(home).digest('hex').slice(0, 16)
  return join(tmpdir(), `ovms-${userInfo().uid}-${name}`)
}

/** Where the daemon of a home listens: OVM_SOCKET, else in its run folder. */
export function socketPath(home: string, { OVM_SOCKET }: Environment): string {
  return OVM_SOCKET ? resolve(OVM_SOCKET) : join(runFolder(home), 'ovm.sock')
}
