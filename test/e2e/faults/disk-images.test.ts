import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ErrorCode } from '../../../src/base/error-codes.ts'
import { build } from '../../../src/packaging/build.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { refused } from '../../support/refusals.ts'
import { newStore } from '../../support/stores.ts'

type Make = (folder: string) => Promise<{ file: string; format?: 'raw' | 'qcow2' }[]>

const qemuImg = (...args: string[]) => execFileSync('qemu-img', args, { stdio: 'pipe' })

const refusals: [string, ErrorCode, RegExp, Make][] = [
  [
    'a lone qcow2 image with a backing name',
    'disk-refused',
    /overlay of "\/etc\/passwd"/,
    async (folder) => [await image(folder, '-b', '/etc/passwd', '-F', 'raw', '-u')],
  ],
  [
    'a qcow2 image with an external data file',
    'disk-refused',
    /data in another file/,
    async (folder) => [await image(folder, '-o', `data_file=${folder}/data.raw`)],
  ],
  [
    'an encrypted qcow2 image',
    'disk-refused',
    /encrypted/,
    async (folder) => {
      // LUKS would be the modern way, but qemu-img measures processor time for it, and fails where that jumps.
      const secret = ['--object', 'secret,id=s,data=geheim']
      return [await image(folder, ...secret, '-o', 'encrypt.format=aes,encrypt.key-secret=s')]
    },
  ],
  [
    'a corrupt qcow2 image',
    'disk-refused',
    /marked corrupt/,
    async (folder) => [await patched(await image(folder), 79, 2)],
  ],
  [
    'a qcow2 image with the bit of a data file and no name of it',
    'disk-refused',
    /data in another file/,
    async (folder) => [await patched(await image(folder), 79, 4)],
  ],
  [
    'a qcow2 image that needs a feature of the future',
    'disk-invalid',
    /not known/,
    async (folder) => [await patched(await image(folder), 75, 1)],
  ],
  [
    'a raw image called qcow2',
    'disk-invalid',
    /magic/,
    async (folder) => [{ ...(await rawImage(folder)), format: 'qcow2' }],
  ],
  [
    'a raw image above the base',
    'disk-refused',
    /bottom layer/,
    async (folder) => [await image(folder), await rawImage(folder)],
  ],
]

for (const [what, code, message, make] of refusals) {
  test(`${what} is refused by a build, and nothing of it stays`, async () => {
    await using folder = await temporaryFolder()
    await using local = await newStore()
    const disks = await make(folder.path)
    const run = async () => {
      await using lease = await local.store.lease()
      await build({ disks }, lease, { name: 'demo', version: '1' })
    }
    const { actual } = await refused(run(), code, { message, hint: /qemu-img/ })
    assert.notEqual(actual, undefined)
    await local.store.collect()
    assert.deepEqual([await local.blobs(), await local.leftovers(), await local.store.names()], [[], [], []])
  })
}

test('an overlay is taken above its base: its backing name is not followed', async () => {
  await using folder = await temporaryFolder()
  await using local = await newStore()
  await using lease = await local.store.lease()
  const base = await rawImage(folder.path)
  const top = await image(folder.path, '-b', '/somewhere/else', '-F', 'raw', '-u')
  const { manifest } = await build({ disks: [base, top] }, lease, { name: 'demo', version: '1' })
  assert.deepEqual(
    manifest.diskLayers?.map(({ format }) => format),
    ['raw', 'qcow2'],
  )
})

test('a file that is none is refused by name', async () => {
  await using folder = await temporaryFolder()
  await using local = await newStore()
  await using lease = await local.store.lease()
  for (const file of [join(folder.path, 'missing'), folder.path, '/dev/zero']) {
    const work = build({ kernel: { file } }, lease, { name: 'demo', version: '1' })
    await refused(work, 'file-unreadable', { actual: file, hint: /./ })
  }
})

async function image(folder: string, ...options: string[]) {
  const file = join(folder, 'image.qcow2')
  qemuImg('create', '-f', 'qcow2', ...options, file, '16M')
  return { file }
}

async function rawImage(folder: string) {
  const file = join(folder, 'image.raw')
  qemuImg('create', '-f', 'raw', file, '16M')
  return { file }
}

async function patched<T extends { file: string }>(disk: T, offset: number, value: number): Promise<T> {
  await using file = await open(disk.file, 'r+')
  await file.write(Buffer.of(value), 0, 1, offset)
  return disk
}
