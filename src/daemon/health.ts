import type { FastifyInstance } from 'fastify'
import type { Health } from '../api/health.ts'
import { isFinal } from '../machine/state.ts'
import type { DaemonContext } from './context.ts'

/** `GET /healthz` */
export function serveHealth(app: FastifyInstance, { instances, home, version }: DaemonContext): void {
  app.get('/healthz', async (): Promise<Health> => {
    const all = instances.list()
    const running = all.filter(({ state }) => !isFinal(state)).length
    return { status: 'ok', version, pid: process.pid, home, instances: { running, total: all.length } }
  })
}
