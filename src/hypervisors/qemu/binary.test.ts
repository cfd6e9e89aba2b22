import assert from 'node:assert/strict'
import { test } from 'node:test'
import { House } from '../../daemon/testing.ts'
import { Qemu } from './qemu.ts'

test('a QEMU that is missing is named, with the command that installs it', async () => {
  const qemu = new Qemu({ cacheFolder: '/nowhere', binary: 'qemu-system-nowhere' })
  await assert.rejects(qemu.probe(), {
    code: 'hypervisor-missing',
    message: /qemu-system-nowhere/,
    hint: /(apt-get|dnf|pacman|zypper|brew) .*qemu/,
  })
})

test('a start without QEMU leaves nothing behind', async () => {
  const qemu = new Qemu({ cacheFolder: '/nowhere', binary: '/nowhere/qemu' })
  await using house = await House.open({ hypervisors: () => ({ qemu }) })
  await assert.rejects(house.start(), { code: 'hypervisor-missing', message: /\/nowhere\/qemu/ })
  house.checkEmpty()
})
