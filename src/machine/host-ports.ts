import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { OvmsError, systemCode } from '../base/error.ts'
import type { PortForward } from './plan.ts'

/** Where forwarded ports listen: only programs of this host reach them. */
export const FORWARD_ADDRESS = '127.0.0.1'

/**
 * Looks whether host ports are free before anything is made for a machine.
 *
 * @throws {OvmsError} `port-in-use`
 */
export async function requireFreePorts(ports: readonly PortForward[]): Promise<void> {
  for (const { host, protocol } of ports) {
    try {
      await (protocol === 'tcp' ? tryTcp(host) : tryUdp(host))
    } catch (cause) {
      const isForbidden = systemCode(cause) === 'EACCES'
      const why = isForbidden ? 'needs privileges' : 'is in use'
      throw new OvmsError('port-in-use', `The host port ${host}/${protocol} ${why}`, {
        cause,
        actual: host,
        hint: isForbidden ? 'Choose a host port from 1024 up' : 'Choose another host port with -p HOST:GUEST',
      })
    }
  }
}

async function tryTcp(port: number): Promise<void> {
  const server = createServer()
  server.listen({ port, host: FORWARD_ADDRESS, exclusive: true })
  await once(server, 'listening')
  server.close()
  await once(server, 'close')
}

async function tryUdp(port: number): Promise<void> {
  const socket = createSocket('udp4')
  socket.bind({ port, address: FORWARD_ADDRESS, exclusive: true })
  await once(socket, 'listening').finally(() => socket.close())
}
