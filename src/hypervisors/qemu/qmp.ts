import type { Socket } from 'node:net'
import { messageOf, OvmsError } from '../../base/error.ts'
import { isObject, type JsonObject } from '../../base/json.ts'
import { type Signalled, untilAborted } from '../../base/signal.ts'

/** Longest message we take, in bytes: a hypervisor is trusted more than a guest, but not without limit. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024

export interface QmpEvent {
  readonly name: string
  readonly data: JsonObject
}

/**
 * Speaks QEMU's machine protocol over an open socket: one JSON object a line, answers by id, events in between.
 * QEMU docs/interop/qmp-spec.txt
 */
export class QmpClient {
  readonly #socket: Socket
  readonly #onEvent: (event: QmpEvent) => void
  readonly #greeted = Promise.withResolvers<void>()
  readonly #closed = Promise.withResolvers<void>()
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  #rest = ''
  #nextId = 1
  #failure: Error | undefined

  private constructor(socket: Socket, onEvent: (event: QmpEvent) => void) {
    this.#socket = socket
    this.#onEvent = onEvent
    this.#greeted.promise.catch(() => {})
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => this.#read(text))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => {
      this.#fail(new Error('the connection was closed'))
      this.#closed.resolve()
    })
  }

  /**
   * Takes over a connected socket, waits for the greeting and leaves the negotiation.
   *
   * @throws {OvmsError} `hypervisor-failed`
   */
  static async open(
    socket: Socket,
    onEvent: (event: QmpEvent) => void,
    options: Signalled = {},
  ): Promise<QmpClient> {
    const client = new QmpClient(socket, onEvent)
    try {
      await untilAborted(client.#greeted.promise, options)
      await client.execute('qmp_capabilities', {}, options)
      return client
    } catch (error) {
      client.close()
      throw error
    }
  }

  /**
   * Runs a command. @returns what it returns
   *
   * @throws {OvmsError} `hypervisor-failed` when it is refused or the connection ends
   */
  async execute(command: string, parameters: JsonObject = {}, options: Signalled = {}): Promise<unknown> {
    options.signal?.throwIfAborted()
    if (this.#failure) throw this.#failure
    const id = this.#nextId++
    const answer = Promise.withResolvers<unknown>()
    this.#waiting.set(id, answer)
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: parameters, id })}\r\n`)
    try {
      return await untilAborted(answer.promise, options)
    } finally {
      this.#waiting.delete(id)
    }
  }

  close(): void {
    this.#socket.destroy()
  }

  /** Settles when the connection has ended, however that was. */
  get closed(): Promise<void> {
    return this.#closed.promise
  }

  #read(text: string): void {
    this.#rest += text
    for (let end = this.#rest.indexOf('\n'); end >= 0; end = this.#rest.indexOf('\n')) {
      const line = this.#rest.slice(0, end)
      this.#rest = this.#rest.slice(end + 1)
      if (line.trim() !== '') this.#take(line)
    }
    if (this.#rest.length > MAX_MESSAGE_BYTES) this.#fail(new Error('it sent a message without end'))
  }

  #take(line: string): void {
    try {
      const message: unknown = JSON.parse(line)
      if (isObject(message)) this.#dispatch(message)
    } catch (cause) {
      const start = JSON.stringify(line.slice(0, 80))
      this.#fail(new Error(`it sent what is not JSON: ${start}`, { cause }))
    }
  }

  #dispatch(message: JsonObject): void {
    if ('QMP' in message) return this.#greeted.resolve()
    if (typeof message['event'] === 'string') {
      const data = isObject(message['data']) ? message['data'] : {}
      return this.#onEvent({ name: message['event'], data })
    }
    const answer = typeof message['id'] === 'number' ? this.#waiting.get(message['id']) : undefined
    if (!answer) return
    if ('return' in message) answer.resolve(message['return'])
    else answer.reject(refusal(message['error']))
  }

  #fail(cause: Error): void {
    if (this.#failure) return
    this.#failure = new OvmsError(
      'hypervisor-failed',
      `Lost the control socket of QEMU: ${messageOf(cause)}`,
      { cause },
    )
    this.#greeted.reject(this.#failure)
    for (const { reject } of this.#waiting.values()) reject(this.#failure)
    this.#socket.destroy()
  }
}

function refusal(error: unknown): OvmsError {
  const description = isObject(error) ? error['desc'] : undefined
  return new OvmsError(
    'hypervisor-failed',
    `QEMU refused a command: ${description ?? JSON.stringify(error)}`,
    {
      actual: error,
    },
  )
}
