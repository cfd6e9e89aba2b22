import type { FastifyInstance } from 'fastify'
import type { InstanceList } from '../api/instance-status.ts'
import type { OperationResult } from '../api/stop-request.ts'
import type { DaemonContext } from './context.ts'
import { statusOf } from './instance-status.ts'
import { readFlag } from './query.ts'

/** `GET /instances`, `DELETE /instances/{instance_id}?force=` */
export function serveInstances(app: FastifyInstance, { instances }: DaemonContext): void {
  app.get('/instances', async (): Promise<InstanceList> => {
    return { instances: await Promise.all(instances.list().map(statusOf)) }
  })

  app.delete<{ Params: { id: string }; Querystring: Record<string, unknown> }>(
    '/instances/:id',
    async ({ params, query }): Promise<OperationResult> => {
      await instances.remove(instances.find(params.id), { force: readFlag(query, 'force') })
      return { status: 'ok' }
    },
  )
}
