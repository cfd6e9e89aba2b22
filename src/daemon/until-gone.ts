import type { FastifyReply } from 'fastify'
import { interruption } from '../base/signal.ts'

/** Aborts when the client has gone before it had its answer, or the daemon ends. */
export function untilGone(reply: FastifyReply, closing: AbortSignal): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort(interruption())
  })
  return AbortSignal.any([gone.signal, closing])
}
