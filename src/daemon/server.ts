import fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import { PROBLEM_TYPE, toProblem } from '../api/problem.ts'
import { OvmsError } from '../base/error.ts'
import type { DaemonContext } from './context.ts'
import { serveHealth } from './health.ts'
import { httpStatus } from './http-status.ts'
import { serveInstances } from './instances.ts'
import { serveLogs } from './logs.ts'
import { serveNotSupported } from './not-supported.ts'
import { serveStart } from './start.ts'
import { serveStatus } from './status.ts'
import { serveStop } from './stop.ts'

/** Largest body of a request, in bytes. */
const MAX_BODY_BYTES = 1024 * 1024

/** The runtime API over HTTP. spec/runtime.md */
export function createServer(context: DaemonContext): FastifyInstance {
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 1024 },
  })
  app.setErrorHandler((error: FastifyError | Error, _request, reply) => {
    const status = 'statusCode' in error ? error.statusCode : undefined
    const isTheirs = status !== undefined && status >= 400 && status < 500
    const cause = isTheirs ? new OvmsError('request-invalid', error.message, { cause: error }) : error
    const problem = toProblem(cause, (code) => (isTheirs ? status : httpStatus[code]))
    if (problem.code === 'internal') context.log(error.stack ?? error.message)
    return reply
      .code(problem.status)
      .type(PROBLEM_TYPE)
      .send(Buffer.from(JSON.stringify(problem)))
  })
  app.setNotFoundHandler((request, reply) => {
    const error = new OvmsError('request-invalid', `There is no ${request.method} ${request.url}`)
    return reply
      .code(404)
      .type(PROBLEM_TYPE)
      .send(Buffer.from(JSON.stringify(toProblem(error, () => 404))))
  })
  serveStart(app, context)
  serveStop(app, context)
  serveStatus(app, context)
  serveLogs(app, context)
  serveInstances(app, context)
  serveNotSupported(app)
  serveHealth(app, context)
  return app
}
