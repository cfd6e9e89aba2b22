import { once } from 'node:events'
import { chmod, lstat, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { OvmsError, systemCode } from '../base/error.ts'
import { makeFolder } from '../base/files.ts'
import { requireTrustedSocket } from '../base/socket-folder.ts'

/** Bytes of a socket's path, its end included; sun_path has room for 108 on Linux and 104 on macOS. */
const MAX_PATH_BYTES = process.platform === 'linux' ? 108 : 104

/**
 * Makes the place of a socket free: what a dead daemon left there goes.
 *
 * @throws {OvmsError} `socket-in-use`, `usage` when the path is too long for a socket
 */
export async function prepareSocket(path: string): Promise<void> {
  if (Buffer.byteLength(path) >= MAX_PATH_BYTES) {
    throw new OvmsError('usage', `The path of the socket has ${Buffer.byteLength(path)} bytes: ${path}`, {
      actual: path,
      hint: `At most ${MAX_PATH_BYTES - 1} are possible; set OVM_SOCKET to a shorter one`,
    })
  }
  await makeFolder(dirname(path), 0o700)
  await requireTrustedSocket(path, dirname(path))
  const found = await lstat(path).catch(() => undefined)
  if (!found) return
  if (!found.isSocket())
    throw new OvmsError('socket-in-use', `${path} is there, and no socket`, { actual: path })
  if (await isAnswered(path)) {
    throw new OvmsError('socket-in-use', `A living daemon already listens on ${path}`, {
      actual: path,
      hint: 'Use that one, or give this one another socket with --socket',
    })
  }
  await rm(path, { force: true })
}

/** Runs `listen` so that the socket it makes is never open to others, not for a moment. */
export async function listenPrivately(listen: () => Promise<unknown>, path: string): Promise<void> {
  const before = process.umask(0o177)
  try {
    await listen()
  } finally {
    process.umask(before)
  }
  await chmod(path, 0o600)
}

async function isAnswered(path: string): Promise<boolean> {
  const socket = connect(path)
  try {
    await once(socket, 'connect')
    return true
  } catch (error) {
    // Whoever listens but may not be spoken to, or has no time, is alive.
    return systemCode(error) !== 'ECONNREFUSED' && systemCode(error) !== 'ENOENT'
  } finally {
    socket.destroy()
  }
}
