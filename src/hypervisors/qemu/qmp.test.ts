import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { connectIn } from './control-socket.ts'
import { MAX_MESSAGE_BYTES, QmpClient, type QmpEvent } from './qmp.ts'

const GREETING = '{"QMP": {"version": {}, "capabilities": ["oob"]}}\r\n'

describe('QmpClient', () => {
  test('greets, runs a command and gives its answer', async () => {
    await using qemu = await FakeQemu.open((command) => ({ return: { ran: command } }))
    const client = await qemu.connect()
    assert.deepEqual(await client.execute('query-status'), { ran: 'query-status' })
    client.close()
  })

  test('puts messages together that arrive in pieces', async () => {
    await using qemu = await FakeQemu.open(() => ({ return: 'ö' }), { pieces: 1 })
    const client = await qemu.connect()
    assert.equal(await client.execute('query-status'), 'ö')
    client.close()
  })

  test('gives each of several answers to its command, whatever their order', async () => {
    await using qemu = await FakeQemu.open((command) =>
      command === 'slow' ? undefined : { return: command },
    )
    const client = await qemu.connect()
    const slow = client.execute('slow')
    assert.equal(await client.execute('fast'), 'fast')
    qemu.send({ return: 'late', id: 2 })
    assert.equal(await slow, 'late')
    client.close()
  })

  test('hands on events that come between answers', async () => {
    await using qemu = await FakeQemu.open(() => ({ return: {} }))
    const client = await qemu.connect()
    qemu.send({ event: 'SHUTDOWN', data: { guest: true }, timestamp: {} })
    await client.execute('query-status')
    assert.deepEqual(qemu.events, [{ name: 'SHUTDOWN', data: { guest: true } }])
    client.close()
  })

  test('throws what QEMU refuses, with its words', async () => {
    await using qemu = await FakeQemu.open((command) =>
      command === 'qmp_capabilities'
        ? { return: {} }
        : { error: { class: 'CommandNotFound', desc: 'no such command' } },
    )
    const client = await qemu.connect()
    await assert.rejects(client.execute('nonsense'), {
      code: 'hypervisor-failed',
      message: /no such command/,
    })
    client.close()
  })

  for (const [name, garbage, complaint] of [
    ['garbage', 'what?\n', /what is not JSON/],
    ['a message without end', 'x'.repeat(MAX_MESSAGE_BYTES + 1), /without end/],
  ] as const) {
    test(`gives up on ${name}`, async () => {
      await using qemu = await FakeQemu.open((command) => (command === 'hang' ? undefined : { return: {} }))
      const client = await qemu.connect()
      const hanging = assert.rejects(client.execute('hang'), {
        code: 'hypervisor-failed',
        message: complaint,
      })
      qemu.write(garbage)
      await hanging
      await assert.rejects(client.execute('query-status'), { code: 'hypervisor-failed' })
    })
  }

  test('ignores JSON that is no message of the protocol', async () => {
    await using qemu = await FakeQemu.open(() => ({ return: {} }))
    const client = await qemu.connect()
    qemu.write('[]\n17\n{"id":99,"return":{}}\n{}\n')
    await client.execute('query-status')
    client.close()
  })

  test('fails what waits when the connection ends', async () => {
    await using qemu = await FakeQemu.open((command) => (command === 'hang' ? undefined : { return: {} }))
    const client = await qemu.connect()
    const hanging = assert.rejects(client.execute('hang'), { code: 'hypervisor-failed' })
    qemu.hangUp()
    await hanging
    await client.closed
  })

  test('stops waiting when it is aborted, with the reason', async () => {
    await using qemu = await FakeQemu.open((command) => (command === 'hang' ? undefined : { return: {} }))
    const client = await qemu.connect()
    const reason = new Error('enough')
    const abort = new AbortController()
    const hanging = assert.rejects(client.execute('hang', {}, { signal: abort.signal }), reason)
    abort.abort(reason)
    await hanging
    await client.execute('query-status')
    client.close()
  })
})

type Answer = { readonly return: unknown } | { readonly error: unknown } | undefined

/** A server that speaks as QEMU does, in a folder whose path no socket address could hold. */
class FakeQemu implements AsyncDisposable {
  readonly events: QmpEvent[] = []
  readonly #server: Server
  readonly #folder: string
  #socket: Socket | undefined
  #pieces = Number.POSITIVE_INFINITY

  private constructor(server: Server, folder: string) {
    this.#server = server
    this.#folder = folder
  }

  static async open(answer: (command: string) => Answer, { pieces = Number.POSITIVE_INFINITY } = {}) {
    const folder = mkdtempSync(
      join(tmpdir(), `ovms-qmp-${'long-'.repeat(process.platform === 'linux' ? 20 : 1)}`),
    )
    const server = createServer()
    const fake = new FakeQemu(server, folder)
    fake.#pieces = pieces
    server.on('connection', (socket) => fake.#serve(socket, answer))
    const before = process.cwd()
    process.chdir(folder)
    server.listen('c.sock')
    await once(server, 'listening')
    process.chdir(before)
    return fake
  }

  async connect(): Promise<QmpClient> {
    const socket = await connectIn(this.#folder, 'c.sock')
    return await QmpClient.open(socket, (event) => this.events.push(event))
  }

  send(message: object): void {
    this.write(`${JSON.stringify(message)}\r\n`)
  }

  write(text: string): void {
    const bytes = Buffer.from(text)
    for (let start = 0; start < bytes.length; start += this.#pieces)
      this.#socket?.write(bytes.subarray(start, Math.min(bytes.length, start + this.#pieces)))
  }

  hangUp(): void {
    this.#socket?.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket?.destroy()
    this.#server.close()
    await once(this.#server, 'close')
    rmSync(this.#folder, { recursive: true })
  }

  #serve(socket: Socket, answer: (command: string) => Answer): void {
    this.#socket = socket
    socket.setNoDelay(true).on('error', () => {})
    this.write(GREETING)
    socket.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\r\n').filter((each) => each !== '')) {
        const { execute, id } = JSON.parse(line)
        const found = answer(execute)
        if (found) this.send({ ...found, id })
      }
    })
  }
}
