import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { freePort } from '../../../scripts/free-port.ts'
import type { InstanceStatus } from '../../api/instance-status.ts'
import { sleep } from '../../base/signal.ts'
import { House, linesOf } from '../../daemon/testing.ts'
import { MEDIA_TYPES } from '../../model/media-types.ts'
import { Qemu } from './qemu.ts'
import { TEST_GUEST } from './test-guest.bytes.ts'
import { qemuSkip, type TestGuestMode } from './testing.ts'

const tiny = join(import.meta.dirname, '../../../examples/tiny/out')
const linuxSkip =
  qemuSkip || (!existsSync(join(tiny, 'kernel')) && 'the tiny guest is not built: run "npm run setup"')

/** A Linux boots in about 4 s when it is emulated alone; tests run beside each other. */
const LINUX_SECONDS = 60

describe('a small guest under the daemon and QEMU', { skip: qemuSkip }, () => {
  test('starts, is told to end, and ends', async () => {
    await using house = await open()
    const started = await startSmall(house, 'button')
    assert.equal(started.hypervisor, 'qemu')
    assert.ok((started.metrics?.resident_bytes ?? 0) > 2 ** 20)
    await said(house, /mode=button/)
    await house.client.stop({ instance_id: 'web', wait: true })
    const { state, reason } = await house.client.status('web')
    assert.deepEqual([state, reason], ['stopped', 'The guest switched itself off'])
  })

  test('is in error when its QEMU is killed', async () => {
    await using house = await open()
    const { pid } = await startSmall(house, 'deaf')
    process.kill(pid ?? 0, 'SIGKILL')
    const { error } = await house.until('web', 'error')
    assert.match(error?.detail ?? '', /qemu ended \(SIGKILL\)/)
  })

  test('is ended by QEMU when it does not listen', async () => {
    await using house = await open()
    await startSmall(house, 'deaf')
    await house.client.stop({ instance_id: 'web', timeout_ms: 200, wait: true })
    assert.equal((await house.client.status('web')).reason, 'qemu was told to end')
  })

  test('is killed when its QEMU does not listen either', async () => {
    await using house = await open()
    const { pid } = await startSmall(house, 'deaf')
    process.kill(pid ?? 0, 'SIGSTOP')
    await house.client.stop({ instance_id: 'web', force: true, wait: true })
    const { state, reason } = await house.client.status('web')
    assert.deepEqual([state, reason], ['stopped', 'qemu did not end when told to and was killed'])
  })

  test('stays running when it reboots', async () => {
    await using house = await open()
    await startSmall(house, 'reboot')
    await said(house, /mode=reboot/)
    await house.client.stop({ instance_id: 'web', timeout_ms: 60_000 })
    await said(house, /mode=reboot.*mode=reboot/s)
    assert.equal((await house.client.status('web')).state, 'stopping')
    await house.client.remove('web', { force: true })
  })

  test('is found again by a new daemon, and its end is seen', async () => {
    await using house = await open()
    const { pid } = await startSmall(house, 'button')
    await said(house, /mode=button/)
    await house.daemon.close()
    await house.restart()
    const found = await house.client.status('web')
    assert.deepEqual([found.state, found.pid], ['running', pid])
    await house.client.stop({ instance_id: 'web', wait: true })
    assert.equal((await house.client.status('web')).reason, 'The guest switched itself off')
  })

  test('is in error when its QEMU is killed under a daemon that found it again', async () => {
    await using house = await open()
    const { pid } = await startSmall(house, 'deaf')
    await house.daemon.close()
    await house.restart()
    process.kill(pid ?? 0, 'SIGKILL')
    assert.match((await house.until('web', 'error')).error?.detail ?? '', /exit status is not known/)
  })

  test('says so when QEMU refuses the machine, and leaves nothing behind', async () => {
    await using house = await open()
    house.manifest = { ...house.manifest, devices: [{ type: 'ivshmem', name: 'x', size: 2 ** 50 }] }
    await assert.rejects(startSmall(house, 'off'), { code: 'hypervisor-failed' })
    house.checkEmpty()
  })

  test('gives the guest shared memory', async () => {
    await using house = await open()
    house.manifest = { ...house.manifest, devices: [{ type: 'ivshmem', name: 'x', size: 65_536 }] }
    await startSmall(house, 'off')
    await house.until('web', 'stopped')
  })
})

describe('the tiny Linux under the daemon and QEMU', { skip: linuxSkip }, () => {
  test('boots from the layers of its disk, tells what it sees, and switches itself off', async () => {
    await using house = await openLinux()
    await house.start({ kernel_args: 'console=ttyS0 quiet panic=-1 greeting="a b"', acceleration: 'tcg' })
    const { timings } = await house.until('web', 'stopped', LINUX_SECONDS)
    const lines = linesOf(await Array.fromAsync(house.client.logs('web')), 'console')
    assert.ok(lines.some((line) => line.startsWith('ovms: base-file ')))
    assert.ok(lines.some((line) => line.startsWith('ovms: changed-file ')))
    assert.ok(lines.some((line) => line.includes('greeting="a b"')))
    assert.ok(lines.includes('OVMS-TINY-READY'))
    assert.ok((timings?.first_output_ms ?? 0) > 0)
  })

  test('runs twice at once on the same blobs, serves a port, and hears the power button', async () => {
    await using house = await openLinux()
    const port = await freePort()
    const overrides = {
      kernel_args: 'console=ttyS0 quiet ovms.stay',
      acceleration: 'tcg',
      memory: '128M',
    } as const
    await house.start({ ...overrides, ports: [{ host: port, guest: 80 }] })
    await house.start({ ...overrides, name: 'twin' })
    for (const name of ['web', 'twin']) await said(house, /OVMS-TINY-READY/, name)
    const answer = await fetch(`http://127.0.0.1:${port}/`)
    assert.match(await answer.text(), /hello from ovms/)
    for (const instance_id of ['web', 'twin']) {
      await house.client.stop({ instance_id, timeout_ms: LINUX_SECONDS * 1000, wait: true })
      assert.equal((await house.client.status(instance_id)).reason, 'The guest switched itself off')
    }
  })
})

function open(): Promise<House> {
  return House.open({ hypervisors: (home) => ({ qemu: new Qemu({ cacheFolder: join(home, 'cache') }) }) })
}

async function openLinux(): Promise<House> {
  const house = await open()
  const add = (name: string, type: string) => house.store.add(readFileSync(join(tiny, name)), type)
  const initrd = add('initrd', MEDIA_TYPES.initrd)
  const disks = ['base.qcow2', 'top.qcow2'].map((name) => add(name, MEDIA_TYPES.disk))
  house.kernel = add('kernel', MEDIA_TYPES.kernel)
  house.more = [initrd, ...disks]
  house.manifest = {
    ...house.manifest,
    kernel: { ref: house.kernel.digest },
    initrd: { ref: initrd.digest },
    diskLayers: disks.map(({ digest }) => ({ ref: digest, format: 'qcow2' })),
  }
  return house
}

function startSmall(house: House, mode: TestGuestMode): Promise<InstanceStatus> {
  house.kernel = house.store.add(TEST_GUEST, MEDIA_TYPES.kernel)
  house.manifest = { ...house.manifest, kernel: { ref: house.kernel.digest } }
  return house.start({ kernel_args: `mode=${mode}`, memory: '64M', acceleration: 'tcg' })
}

/** Waits until the console of an instance holds something. */
async function said(house: House, pattern: RegExp, name = 'web'): Promise<void> {
  for (let tries = 0; tries < LINUX_SECONDS * 20; tries++) {
    const lines = linesOf(await Array.fromAsync(house.client.logs(name)), 'console')
    if (pattern.test(lines.join('\n'))) return
    await sleep(50)
  }
  assert.fail(`${name} did not say ${pattern}`)
}
