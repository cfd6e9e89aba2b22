import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { DaemonClient } from '../api/client.ts'
import { problemSchema } from '../api/problem.ts'
import { sleep } from '../base/signal.ts'
import { violations } from '../model/validator.ts'

import { House, linesOf, UNKNOWN_ID } from './testing.ts'

describe('the daemon', () => {
  test('says of an instance that is not there that it is not', async () => {
    await using house = await House.open()
    for (const [method, path, body] of [
      ['GET', `/status/${UNKNOWN_ID}`],
      ['GET', '/logs/nobody'],
      ['DELETE', '/instances/nobody'],
      ['POST', '/stop', '{"instance_id":"nobody"}'],
    ] as const) {
      const answer = await house.raw(method, path, body)
      assert.deepEqual([answer.status, answer.body.code], [404, 'instance-unknown'], path)
      assert.equal(answer.type, 'application/problem+json')
      assert.deepEqual(violations(problemSchema, answer.body), [])
    }
  })

  for (const [name, body, status] of [
    ['that is not JSON', '{', 400],
    ['that is empty', '', 400],
    ['that is a list', '[]', 400],
  ] as const) {
    test(`refuses a body ${name}`, async () => {
      await using house = await House.open()
      const answer = await house.raw('POST', '/start', body)
      assert.deepEqual([answer.status, answer.body.code], [status, 'request-invalid'])
    })
  }

  test('refuses a body that is too large before it is sent', async () => {
    await using house = await House.open()
    const headers = { 'content-type': 'application/json', 'content-length': 2 * 1024 * 1024 }
    const call = request({
      socketPath: house.socketPath,
      method: 'POST',
      path: '/start',
      headers,
      agent: false,
    })
    call.flushHeaders()
    const [answer] = await once(call, 'response')
    assert.equal(answer.statusCode, 413)
    call.on('error', () => {}).destroy()
  })

  test('says what it does not support, and what does not exist', async () => {
    await using house = await House.open()
    for (const path of ['/snapshot', '/inject']) {
      const { status, body } = await house.raw('POST', path, '{"instance_id":"x"}')
      assert.deepEqual([status, body.code], [501, 'not-supported'])
    }
    assert.equal((await house.raw('GET', '/nothing')).status, 404)
  })

  test('keeps its socket to its user', async () => {
    await using house = await House.open()
    assert.equal(statSync(house.socketPath).mode & 0o777, 0o600)
    assert.equal(statSync(join(house.socketPath, '..')).mode & 0o777, 0o700)
  })

  test('finds machines again that an earlier one started, and their logs without a gap', async () => {
    await using house = await House.open()
    const { instance_id } = await house.start()
    house.guest(instance_id).print('before\n')
    await sleep(50)
    await house.daemon.close()
    house.guest(instance_id).print('between\n')
    await house.restart()
    assert.equal((await house.client.status('web')).state, 'running')
    house.guest(instance_id).print('after\n')
    await house.client.stop({ instance_id, wait: true })
    const records = await Array.fromAsync(house.client.logs('web'))
    assert.deepEqual(linesOf(records, 'console'), ['before', 'between', 'after'])
  })

  test('says of machines that ended meanwhile that they did', async () => {
    await using house = await House.open()
    const { instance_id } = await house.start()
    await house.daemon.close()
    house.guest(instance_id).powerOff()
    await house.restart()
    const { state, reason } = await house.client.status(instance_id)
    assert.deepEqual([state, reason], ['stopped', 'The machine ended while no daemon was there to see how'])
    await house.client.remove(instance_id)
    house.checkEmpty()
  })

  test('clears what a start or removal left that was cut short, and leaves alone what it cannot read', async () => {
    await using house = await House.open()
    await house.daemon.close()
    const instances = join(house.home, 'instances')
    for (const name of [UNKNOWN_ID, 'strange']) mkdirSync(join(instances, name))
    house.store.held.set(UNKNOWN_ID, [])
    writeFileSync(join(instances, 'strange', 'instance.json'), '{"version":99')
    await house.restart()
    assert.deepEqual(house.folders(), ['strange'])
    assert.deepEqual(house.store.held.size, 0)
    assert.match(house.messages.join(), /strange/)
  })

  test('takes the place of a dead daemon, not of a living one', async () => {
    await using house = await House.open()
    await using other = await House.prepare({ socketPath: house.socketPath })
    await assert.rejects(other.daemon.listen(), { code: 'socket-in-use', message: /living/ })
    await house.client.health()
    await using third = await House.prepare({})
    await leaveDeadSocket(third.socketPath)
    await third.daemon.listen()
    await third.client.health()
  })

  test('does not remove what is no socket', async () => {
    await using house = await House.prepare({})
    writeFileSync(house.socketPath, 'precious')
    await assert.rejects(house.daemon.listen(), { code: 'socket-in-use' })
    assert.ok(existsSync(house.socketPath))
  })

  test('is alone in its home', async () => {
    await using house = await House.open()
    await using other = await House.prepare({ home: house.home })
    await assert.rejects(other.daemon.listen(), {
      code: 'socket-in-use',
      message: new RegExp(String(process.pid)),
    })
  })

  test('says that the path of its socket is too long', async () => {
    const socketPath = join(tmpdir(), 'x'.repeat(120))
    await using house = await House.prepare({ socketPath })
    await assert.rejects(house.daemon.listen(), { code: 'usage', message: /bytes/ })
  })

  test('is missed where it is not', async () => {
    const client = new DaemonClient(join(tmpdir(), 'ovms-nobody.sock'))
    await assert.rejects(client.health(), { code: 'daemon-unreachable' })
  })
})

/** A socket whose listener ended without removing it. */
async function leaveDeadSocket(path: string): Promise<void> {
  const { execFileSync } = await import('node:child_process')
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  assert.throws(() => execFileSync(process.execPath, ['-e', script], { stdio: 'ignore' }))
  assert.ok(existsSync(path))
}
