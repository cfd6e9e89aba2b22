import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { type ReadLogOptions, readLog } from '../machine/log-reader.ts'
import type { DaemonContext } from './context.ts'
import { readCount, readFlag, readTime } from './query.ts'
import { untilGone } from './until-gone.ts'

/** `GET /logs/{instance_id}?follow=&tail=&since=`: NDJSON, one record a line. */
export function serveLogs(app: FastifyInstance, { instances, closing }: DaemonContext): void {
  app.get<{ Params: { id: string }; Querystring: Record<string, unknown> }>(
    '/logs/:id',
    async ({ params, query }, reply) => {
      const instance = instances.find(params.id)
      const follow = readFlag(query, 'follow') ? instance.growingLog : undefined
      const range = { tail: readCount(query, 'tail'), since: readTime(query, 'since') }
      const chunks = endingQuietly(instance.paths.log, {
        ...range,
        follow,
        signal: untilGone(reply, closing),
      })
      reply.type('application/x-ndjson').send(Readable.from(chunks, { objectMode: false }))
      // Whoever follows a silent guest shall know at once that it does.
      reply.raw.flushHeaders()
      return reply
    },
  )
}

/** A reader that goes away, or a daemon that ends, is no failure. */
async function* endingQuietly(path: string, options: ReadLogOptions): AsyncGenerator<Buffer> {
  try {
    yield* readLog(path, options)
  } catch (error) {
    if (!options.signal?.aborted) throw error
  }
}
