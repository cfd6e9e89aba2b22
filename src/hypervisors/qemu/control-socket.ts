import { once } from 'node:events'
import { type FileHandle, open } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Signalled } from '../../base/signal.ts'

/** Bytes of a socket's path that every system takes; macOS has room for 103, Linux for 107. */
const LONGEST_PATH_BYTES = 100

/** Connects to a socket in a folder, however long the path of the folder is. */
export async function connectIn(folder: string, name: string, { signal }: Signalled = {}): Promise<Socket> {
  const path = join(folder, name)
  if (Buffer.byteLength(path) <= LONGEST_PATH_BYTES || process.platform !== 'linux')
    return connectTo(path, signal)
  let handle: FileHandle | undefined
  try {
    // An open folder has a short name of its own.
    handle = await open(folder, 'r')
    return await connectTo(`/proc/self/fd/${handle.fd}/${name}`, signal)
  } finally {
    await handle?.close()
  }
}

async function connectTo(path: string, signal: AbortSignal | undefined): Promise<Socket> {
  const socket = connect(path)
  try {
    await once(socket, 'connect', { ...(signal && { signal }) })
    return socket
  } catch (error) {
    socket.destroy()
    throw signal?.aborted ? signal.reason : error
  }
}
