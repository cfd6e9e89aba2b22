import assert from 'node:assert/strict'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { instanceStatusSchema } from '../api/instance-status.ts'
import { MACHINE_STATES } from '../machine/state.ts'

import { House } from './testing.ts'

describe('POST /stop', () => {
  test('answers at once and ends the machine', async () => {
    await using house = await House.open()
    const { instance_id } = await house.start()
    assert.deepEqual(await house.client.stop({ instance_id }), { status: 'stopping' })
    const ended = await house.until(instance_id, 'stopped')
    house.check(ended)
    assert.equal(ended.reason, 'The guest switched itself off')
    assert.equal(ended.pid, undefined)
    assert.equal((await house.client.stop({ instance_id })).status, 'ok')
  })

  test('ends a guest that does not listen', async () => {
    await using house = await House.open({ onPowerButton: () => {} })
    const { instance_id } = await house.start()
    assert.equal((await house.client.stop({ instance_id, timeout_ms: 20, wait: true })).status, 'ok')
    assert.equal((await house.client.status(instance_id)).reason, 'fake was told to end')
  })

  test('does not wait longer than whoever asks last wants to', async () => {
    await using house = await House.open({ onPowerButton: () => {} })
    const { instance_id } = await house.start()
    await house.client.stop({ instance_id, timeout_ms: 60_000 })
    assert.equal((await house.client.status(instance_id)).state, 'stopping')
    await house.client.stop({ instance_id, force: true, wait: true })
    assert.equal((await house.client.status(instance_id)).state, 'stopped')
  })

  test('ends the machine though its record cannot be written', async () => {
    await using house = await House.open()
    const { instance_id } = await house.start()
    using _full = breakRecord(house, instance_id)
    assert.equal((await house.client.stop({ instance_id, wait: true })).status, 'ok')
    assert.equal((await house.client.status(instance_id)).state, 'stopped')
  })
})

/** A folder in its place makes each write of it fail, as a full disk does. */
function breakRecord(house: House, id: string): Disposable {
  const path = join(house.home, 'instances', id, 'instance.json')
  rmSync(path)
  mkdirSync(path)
  return { [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}

describe('an instance', () => {
  test('is stopped when its guest switches itself off', async () => {
    await using house = await House.open({ onStart: (guest) => guest.powerOff() })
    const { instance_id } = await house.start()
    const { state, error } = await house.until(instance_id, 'stopped')
    assert.deepEqual([state, error], ['stopped', undefined])
  })

  test('is in error when its hypervisor dies, with its last words', async () => {
    await using house = await House.open()
    const { instance_id } = await house.start()
    house.guest(instance_id).crash('segmentation fault')
    const { error, finished_at } = await house.until(instance_id, 'error')
    assert.equal(error?.code, 'hypervisor-failed')
    assert.match(error?.detail ?? '', /exit status 1.*segmentation fault/)
    assert.ok(finished_at)
  })

  test('cannot be removed while it runs, unless by force', async () => {
    await using house = await House.open()
    const { instance_id } = await house.start()
    await assert.rejects(house.client.remove(instance_id), { code: 'instance-state' })
    await house.client.remove(instance_id, { force: true })
    house.checkEmpty()
  })

  test('has the states of the API', () => {
    assert.deepEqual(instanceStatusSchema.properties.state.enum, MACHINE_STATES)
  })
})
