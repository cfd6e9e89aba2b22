import type { FastifyInstance } from 'fastify'
import { type OperationResult, parseStopRequest } from '../api/stop-request.ts'
import { messageOf } from '../base/error.ts'
import { isFinal } from '../machine/state.ts'
import type { DaemonContext } from './context.ts'

/** `POST /stop`: asks a machine to end, and sees to it that it does. */
export function serveStop(app: FastifyInstance, { instances, log }: DaemonContext): void {
  app.post('/stop', async (request): Promise<OperationResult> => {
    const { instance_id, timeout_ms, force, wait = false } = parseStopRequest(request.body)
    const instance = instances.find(instance_id)
    if (isFinal(instance.state))
      return { status: 'ok', message: `${instance.record.name} is ${instance.state}` }
    const { ended } = await instance.stop({ timeoutMs: timeout_ms, force })
    if (wait) {
      await ended
      return { status: 'ok', message: instance.record.reason ?? instance.state }
    }
    ended.catch((error: unknown) => log(`Cannot stop ${instance.id}: ${messageOf(error)}`))
    return { status: 'stopping' }
  })
}
