import type { FastifyInstance } from 'fastify'
import { OvmsError } from '../base/error.ts'

/** `POST /snapshot`, `POST /inject`: parts of the contract that are not there yet say so. */
export function serveNotSupported(app: FastifyInstance): void {
  for (const [path, what] of [
    ['/snapshot', 'Snapshots are'],
    ['/inject', 'Injecting content into a guest is'],
  ] as const) {
    app.post(path, async () => {
      throw new OvmsError('not-supported', `${what} not supported by this runtime`)
    })
  }
}
