import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, test } from 'node:test'
import { OvmsError } from '../base/error.ts'
import { sleep } from '../base/signal.ts'

import { House, UNKNOWN_ID } from './testing.ts'

describe('POST /start', () => {
  test('starts an instance and tells all that is known of it', async () => {
    await using house = await House.open()
    const started = await house.client.start({
      manifest: 'tiny:1',
      overrides: { name: 'web', cpus: 2, memory: '64M' },
    })
    house.check(started)
    assert.equal(started.state, 'running')
    assert.equal(started.status, 'running')
    assert.deepEqual(
      [
        started.name,
        started.cpus,
        started.memory_mib,
        started.manifest,
        started.hypervisor,
        started.acceleration,
      ],
      ['web', 2, 64, 'tiny:1', 'fake', 'tcg'],
    )
    assert.equal(started.digest, house.artifact.root.digest)
    assert.deepEqual(Object.keys(started.timings ?? {}).sort(), ['prepare_ms', 'resolve_ms', 'spawn_ms'])
    const found = await house.client.status(started.instance_id.slice(0, 8))
    assert.deepEqual({ ...found, uptime_ms: started.uptime_ms }, started)
  })

  test('keeps the blobs of an instance until it is removed', async () => {
    await using house = await House.open()
    const { instance_id } = await house.start()
    assert.equal(house.store.held.get(instance_id)?.length, 3)
    await house.client.stop({ instance_id, wait: true })
    assert.equal(house.store.held.size, 1)
    await house.client.remove(instance_id)
    assert.equal(house.store.held.size, 0)
    assert.deepEqual(house.folders(), [])
    assert.deepEqual(await house.client.list(), [])
  })

  test('makes up a name of what the machine is called', async () => {
    await using house = await House.open()
    const { name, instance_id } = await house.client.start({ manifest: 'tiny:1' })
    assert.equal(name, `tiny-guest-${instance_id.slice(0, 8)}`)
  })

  const refused: readonly [string, object, string, RegExp][] = [
    ['a body without a manifest', {}, 'request-invalid', /manifest/],
    ['a manifest that is no text', { manifest: 7 }, 'request-invalid', /manifest must be string/],
    ['an override that is not known', over({ memroy: '1G' }), 'request-invalid', /memroy/],
    ['too little memory', over({ memory: '1M' }), 'request-invalid', /1M/],
    ['memory that is no number', over({ memory: 'lots' }), 'request-invalid', /lots/],
    ['no cpus', over({ cpus: 0 }), 'request-invalid', /cpus/],
    ['more cpus than there can be', over({ cpus: 1000 }), 'request-invalid', /at most 64/],
    ['a newline in kernel arguments', over({ kernel_args: 'a\nb' }), 'request-invalid', /Kernel arguments/],
    ['a port that is none', over({ ports: [{ host: 70_000, guest: 1 }] }), 'request-invalid', /ports/],
    ['a hypervisor that is not there', over({ hypervisor: 'constructor' }), 'request-invalid', /constructor/],
    ['a name that could be a path', over({ name: '../x' }), 'request-invalid', /\.\.\/x/],
    ['a name that could be an id', over({ name: UNKNOWN_ID }), 'request-invalid', /called/],
    ['acceleration that does not work', over({ acceleration: 'kvm' }), 'acceleration-unavailable', /kvm/],
    ['an artifact that is not there', { manifest: 'nothing:1' }, 'reference-unknown', /nothing:1/],
  ]
  for (const [name, body, code, message] of refused) {
    test(`refuses ${name} and leaves nothing behind`, async () => {
      await using house = await House.open()
      await assert.rejects(house.client.start(body as { manifest: string }), { code, message })
      house.checkEmpty()
    })
  }

  test('names the key that was meant', async () => {
    await using house = await House.open()
    await assert.rejects(house.client.start(over({ memroy: '1G' })), { hint: 'Did you mean memory?' })
  })

  test('refuses a name that is taken', async () => {
    await using house = await House.open()
    await house.start()
    await assert.rejects(house.start(), { code: 'name-taken' })
    assert.equal((await house.client.list()).length, 1)
  })

  test('refuses a host port that is taken, and leaves nothing behind', async () => {
    await using house = await House.open()
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as { port: number }
    await assert.rejects(house.start({ ports: [{ host: port, guest: 80 }] }), { code: 'port-in-use' })
    taken.close()
    house.checkEmpty()
  })

  test('refuses an artifact of which a blob is missing, and leaves nothing behind', async () => {
    await using house = await House.open()
    house.store.missing.add(house.artifact.root.digest)
    await assert.rejects(house.start(), { code: 'blob-unknown' })
    house.checkEmpty()
  })

  test('refuses a device of unknown type and a disk of unknown format', async () => {
    await using house = await House.open()
    house.manifest = { ...house.manifest, devices: [{ type: 'teapot', name: 'x' }] }
    await assert.rejects(house.start(), { code: 'format-unsupported', message: /teapot/ })
    house.manifest = {
      ...house.manifest,
      devices: [],
      diskLayers: [{ ref: house.kernel.digest, format: 'vmdk' }],
    }
    await assert.rejects(house.start(), { code: 'format-unsupported', message: /vmdk/ })
    house.checkEmpty()
  })

  test('boots instead of going on from a RAM snapshot and says so, unless it cannot be known', async () => {
    await using house = await House.open()
    const withSnapshot = (compression: string) => ({
      ...house.manifest,
      ramSnapshot: { ref: house.kernel.digest, compression },
    })
    house.manifest = withSnapshot('brotli')
    await assert.rejects(house.start(), { code: 'format-unsupported', message: /brotli/ })
    house.checkEmpty()
    house.manifest = withSnapshot('zstd')
    assert.match((await house.start()).notice ?? '', /RAM snapshots are not restored/)
  })

  test('tells what the hypervisor said, and leaves nothing behind', async () => {
    const onSpawn = async () => {
      throw new OvmsError('hypervisor-failed', 'no room', { hint: 'make some' })
    }
    await using house = await House.open({ onSpawn })
    await assert.rejects(house.start(), { code: 'hypervisor-failed', message: 'no room', hint: 'make some' })
    house.checkEmpty()
  })

  test('undoes all when the client goes away', async () => {
    await using house = await House.open({ onSpawn: ({ signal }) => sleep(60_000, { signal }) })
    const leaving = new AbortController()
    const starting = house.client.start({ manifest: 'tiny:1' }, { signal: leaving.signal })
    while (house.folders().length === 0) await sleep(5)
    leaving.abort(new Error('changed my mind'))
    await assert.rejects(starting, /changed my mind/)
    for (let tries = 0; tries < 200 && house.folders().length > 0; tries++) await sleep(5)
    house.checkEmpty()
  })
})

function over(overrides: object): { manifest: string } {
  return { manifest: 'tiny:1', overrides } as { manifest: string }
}
