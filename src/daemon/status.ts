import type { FastifyInstance } from 'fastify'
import type { DaemonContext } from './context.ts'
import { statusOf } from './instance-status.ts'

/** `GET /status/{instance_id}` */
export function serveStatus(app: FastifyInstance, { instances }: DaemonContext): void {
  app.get<{ Params: { id: string } }>('/status/:id', ({ params }) => statusOf(instances.find(params.id)))
}
