import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A line to a server that breaks when told so. */
export interface CuttingProxy extends AsyncDisposable {
  readonly address: string
  /** What clients asked for: `GET /path`, and after a blank the range where they asked for one. */
  readonly requests: readonly string[]
  /** Lets so many more bytes of answers through, then cuts every connection; new ones live on if `once`. */
  cutAfter(bytes: number, options?: { readonly once?: boolean }): void
  /** Cuts no more. */
  heal(): void
}

export async function cuttingProxy(target: string): Promise<CuttingProxy> {
  const [host = '', port = ''] = target.split(':')
  const sockets = new Set<Socket>()
  const requests: string[] = []
  let budget = Number.POSITIVE_INFINITY
  let isOnce = false

  const cut = () => {
    for (const socket of sockets) socket.destroy()
    if (isOnce) budget = Number.POSITIVE_INFINITY
  }
  const server = createServer((client) => {
    if (budget <= 0) {
      client.destroy()
      return
    }
    const upstream = connect(Number(port), host)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket))
    }
    client.on('data', (chunk) => requests.push(...requestsIn(chunk.toString('latin1'))))
    client.pipe(upstream)
    upstream.on('data', (chunk) => {
      const part = chunk.subarray(0, Math.min(chunk.length, budget))
      budget -= part.length
      if (!client.write(part)) upstream.pause()
      if (budget <= 0) cut()
    })
    client.on('drain', () => upstream.resume())
    upstream.on('end', () => client.end())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const end = async () => {
    cut()
    await new Promise((resolve) => server.close(resolve))
  }
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    cutAfter: (bytes, { once = false } = {}) => {
      budget = bytes
      isOnce = once
    },
    heal: () => {
      budget = Number.POSITIVE_INFINITY
    },
    [Symbol.asyncDispose]: end,
  }
}

/** Downloads have no bodies, so every head begins where one ended, and small ones arrive in one piece. */
function requestsIn(text: string): string[] {
  const heads = text.split('\r\n\r\n').filter((head) => head !== '')
  return heads.map((head) => {
    const [line = ''] = head.split(' HTTP/1.1\r\n')
    const [, range] = /^range: *(\S+)/im.exec(head) ?? []
    return range === undefined ? line : `${line} ${range}`
  })
}
