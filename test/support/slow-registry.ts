import { createServer, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'

/** How often a slow answer gets its next bytes, ms. */
const TICK_MS = 20

export interface SlowRegistry extends AsyncDisposable {
  readonly address: string
  /** Speed of each blob's bytes from now on. */
  bytesPerSecond: number
}

/** Stands before a registry and lets the bytes of blobs through slowly; all else passes as it is. */
export async function slowRegistry(upstream: string, bytesPerSecond: number): Promise<SlowRegistry> {
  const server = createServer((incoming, response) => {
    const { method, url = '/', headers } = incoming
    const [host, port] = upstream.split(':')
    const onward = request({ host, port, method, path: url, headers }, async (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      const isBlob = method === 'GET' && url.includes('/blobs/')
      try {
        for await (const chunk of answer) {
          if (isBlob) await trickle(chunk, response, () => slow.bytesPerSecond)
          else response.write(chunk)
        }
        response.end()
      } catch {
        response.destroy()
      }
    })
    onward.on('error', () => response.destroy())
    response.on('close', () => onward.destroy())
    incoming.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const slow = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    bytesPerSecond,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return slow
}

async function trickle(bytes: Buffer, response: ServerResponse, speed: () => number): Promise<void> {
  for (let at = 0; at < bytes.length && !response.destroyed; ) {
    const piece = Math.max(1, Math.floor((speed() * TICK_MS) / 1000))
    response.write(bytes.subarray(at, at + piece))
    at += piece
    await setTimeout(TICK_MS)
  }
}
