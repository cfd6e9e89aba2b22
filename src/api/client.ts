import { type IncomingMessage, request } from 'node:http'
import { dirname } from 'node:path'
import { isOvmsError, messageOf, OvmsError, systemCode } from '../base/error.ts'
import type { Signalled } from '../base/signal.ts'
import { requireTrustedSocket } from '../base/socket-folder.ts'
import { collect } from '../base/streams.ts'
import type { Health } from './health.ts'
import type { InstanceList, InstanceStatus } from './instance-status.ts'
import type { LogRecord } from './log-record.ts'
import { fromProblem } from './problem.ts'
import type { StartRequest } from './start-request.ts'
import type { OperationResult, StopRequest } from './stop-request.ts'

/** Largest answer that is read whole, in bytes: the list of tens of thousands of instances. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024

export interface LogOptions extends Signalled {
  /** Goes on until the instance has ended. */
  readonly follow?: boolean
  /** Only so many records of what is there already. */
  readonly tail?: number
  /** Only records from then on. */
  readonly since?: Date
}

/**
 * Speaks the runtime API over a Unix socket. Each call fails with the error the daemon had, `daemon-unreachable` when
 * nobody answers, or the signal's reason. Ids may be whole ids, the beginning of one, or names.
 */
export class DaemonClient {
  readonly socketPath: string

  constructor(socketPath: string) {
    this.socketPath = socketPath
  }

  /** Returns when the machine runs. Aborting undoes what was begun. */
  start(body: StartRequest, options: Signalled = {}): Promise<InstanceStatus> {
    return this.#call<InstanceStatus>('POST', '/start', { ...options, body })
  }

  /** Returns when the machine was asked to end, or with `wait` when it has. */
  stop(body: StopRequest, options: Signalled = {}): Promise<OperationResult> {
    return this.#call<OperationResult>('POST', '/stop', { ...options, body })
  }

  status(id: string, options: Signalled = {}): Promise<InstanceStatus> {
    return this.#call<InstanceStatus>('GET', `/status/${encodeURIComponent(id)}`, options)
  }

  /** Oldest first. */
  async list(options: Signalled = {}): Promise<readonly InstanceStatus[]> {
    return (await this.#call<InstanceList>('GET', '/instances', options)).instances
  }

  async *logs(
    id: string,
    { follow = false, tail, since, signal }: LogOptions = {},
  ): AsyncGenerator<LogRecord> {
    const query = new URLSearchParams({
      ...(follow && { follow: 'true' }),
      ...(tail !== undefined && { tail: String(tail) }),
      ...(since && { since: since.toISOString() }),
    })
    const answer = await this.#send('GET', `/logs/${encodeURIComponent(id)}?${query}`, { signal })
    yield* recordsOf(answer, signal)
  }

  /** @throws {OvmsError} `instance-state` while it runs, unless `force` */
  remove(id: string, { force = false, ...options }: Signalled & { readonly force?: boolean } = {}) {
    const path = `/instances/${encodeURIComponent(id)}${force ? '?force=true' : ''}`
    return this.#call<OperationResult>('DELETE', path, options)
  }

  health(options: Signalled = {}): Promise<Health> {
    return this.#call<Health>('GET', '/healthz', options)
  }

  async #call<Answer>(method: string, path: string, options: CallOptions): Promise<Answer> {
    const answer = await this.#send(method, path, options)
    return (await readJson(answer, options.signal)) as Answer
  }

  async #send(method: string, path: string, options: CallOptions): Promise<IncomingMessage> {
    await requireTrustedSocket(this.socketPath, dirname(this.socketPath))
    const answer = await this.#request(method, path, options)
    const status = answer.statusCode ?? 0
    if (status < 400) return answer
    throw fromProblem(await readJson(answer, options.signal), status)
  }

  #request(method: string, path: string, { body, signal }: CallOptions): Promise<IncomingMessage> {
    signal?.throwIfAborted()
    const bytes = body === undefined ? undefined : JSON.stringify(body)
    const headers = bytes === undefined ? {} : { 'content-type': 'application/json' }
    return new Promise((resolve, reject) => {
      // A connection of its own for each call: none is left over to keep a finished command alive.
      const call = request({
        socketPath: this.socketPath,
        method,
        path,
        headers,
        agent: false,
        ...(signal && { signal }),
      })
      call.once('response', resolve)
      call.once('error', (cause) =>
        reject(signal?.aborted ? signal.reason : unreachable(this.socketPath, cause)),
      )
      call.end(bytes)
    })
  }
}

interface CallOptions extends Signalled {
  readonly body?: object
}

async function readJson(answer: IncomingMessage, signal: AbortSignal | undefined): Promise<unknown> {
  const bytes = await collect(answer, MAX_ANSWER_BYTES, 'The answer of the daemon').catch(
    (cause: unknown) => {
      throw signal?.aborted ? signal.reason : brokenOff(cause, 'See "ovm ps" for what was done')
    },
  )
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}

async function* recordsOf(
  answer: IncomingMessage,
  signal: AbortSignal | undefined,
): AsyncGenerator<LogRecord> {
  let rest = ''
  try {
    for await (const text of answer.setEncoding('utf8')) {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) yield JSON.parse(line) as LogRecord
    }
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    throw brokenOff(error, 'The machine goes on; "ovm logs -f" continues with a new daemon')
  } finally {
    answer.destroy()
  }
}

/** The daemon went away in the middle of its answer. What is an error of ours already stays as it is. */
function brokenOff(cause: unknown, hint: string): unknown {
  if (isOvmsError(cause)) return cause
  return new OvmsError('daemon-unreachable', `The daemon broke off its answer: ${messageOf(cause)}`, {
    cause,
    hint,
  })
}

function unreachable(socketPath: string, cause: Error): OvmsError {
  const why = { ENOENT: 'nobody made that socket', ECONNREFUSED: 'nobody listens there' }[
    systemCode(cause) ?? ''
  ]
  return new OvmsError(
    'daemon-unreachable',
    `No daemon answers on ${socketPath}: ${why ?? messageOf(cause)}`,
    {
      cause,
      hint: 'Start it with "ovm daemon"',
    },
  )
}
