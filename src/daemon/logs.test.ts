import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { logRecordSchema } from '../api/log-record.ts'
import { sleep } from '../base/signal.ts'
import { violations } from '../model/validator.ts'

import { House, linesOf } from './testing.ts'

describe('GET /logs', () => {
  test('gives the log, or its end', async () => {
    await using house = await House.open({ onStart: (guest) => guest.print('one\ntwo\n') })
    const { instance_id } = await house.start()
    await house.client.stop({ instance_id, wait: true })
    const records = await Array.fromAsync(house.client.logs('web'))
    for (const record of records) assert.deepEqual(violations(logRecordSchema, record), [])
    assert.deepEqual(linesOf(records, 'console'), ['one', 'two'])
    assert.match(linesOf(records, 'lifecycle')[0] ?? '', /^running: fake 1 with tcg, 1 cpu, 512 MiB$/)
    assert.match(linesOf(records, 'lifecycle').at(-1) ?? '', /^stopped: The guest switched itself off$/)
    assert.deepEqual(await Array.fromAsync(house.client.logs('web', { tail: 1 })), records.slice(-1))
    assert.deepEqual(
      await Array.fromAsync(house.client.logs('web', { since: new Date(Date.now() + 60_000) })),
      [],
    )
  })

  test('follows until the instance has ended, and knows its end then', async () => {
    await using house = await House.open()
    const { instance_id } = await house.start()
    const following = Array.fromAsync(house.client.logs(instance_id, { follow: true }))
    house.guest(instance_id).print('hello\n')
    await sleep(50)
    house.guest(instance_id).print(Buffer.from([0xff, 0x0a]))
    house.guest(instance_id).powerOff()
    const records = await following
    assert.deepEqual(linesOf(records, 'console'), ['hello', '\ufffd'])
    assert.equal(records.find(({ line }) => line === '\ufffd')?.base64, '/w==')
    assert.equal((await house.client.status(instance_id)).state, 'stopped')
    assert.ok(((await house.client.status(instance_id)).timings?.first_output_ms ?? -1) >= 0)
  })

  test('follows a silent guest until the reader has enough', async () => {
    await using house = await House.open()
    const { instance_id } = await house.start()
    const enough = new AbortController()
    const reading = Array.fromAsync(
      house.client.logs(instance_id, { follow: true, tail: 0, signal: enough.signal }),
    )
    setTimeout(() => enough.abort(new Error('enough')), 30)
    await assert.rejects(reading, /enough/)
    assert.equal((await house.client.health()).instances.running, 1)
  })

  test('refuses parameters that make no sense', async () => {
    await using house = await House.open()
    await house.start()
    for (const query of ['tail=-1', 'tail=x', 'since=yesterday', 'follow=maybe', 'tail=1&tail=2']) {
      const { status, body } = await house.raw('GET', `/logs/web?${query}`)
      assert.deepEqual([status, body.code], [400, 'request-invalid'], query)
    }
  })
})
