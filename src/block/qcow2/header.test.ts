import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { temporaryFolder } from '../../../test/support/folders.ts'
import { onlyRefuses, refused } from '../../../test/support/refusals.ts'
import { createQcow2 } from './create.ts'
import { parseQcow2Header } from './header.ts'

test('headers that qemu-img writes are read', async () => {
  await using folder = await temporaryFolder()
  const make = (name: string, ...options: string[]) => {
    const path = join(folder.path, name)
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', ...options, path, '10M'])
    return parseQcow2Header(readFileSync(path))
  }
  const plain = {
    version: 3,
    virtualSize: 10 * 2 ** 20,
    clusterBits: 16,
    isEncrypted: false,
    isCorrupt: false,
  }
  assert.deepEqual(make('v3'), plain)
  assert.deepEqual(make('v2', '-o', 'compat=0.10'), { ...plain, version: 2 })
  assert.deepEqual(make('small', '-o', 'cluster_size=512'), { ...plain, clusterBits: 9 })
  assert.deepEqual(make('large', '-o', 'cluster_size=2M,extended_l2=on'), { ...plain, clusterBits: 21 })
  assert.deepEqual(make('zstd', '-o', 'compression_type=zstd'), plain)
  assert.deepEqual(make('lazy', '-o', 'lazy_refcounts=on'), plain)
  const backed = make('backed', '-b', '/etc/passwd', '-F', 'raw', '-u')
  assert.deepEqual(backed, { ...plain, backingFile: '/etc/passwd' })
  const old = make('old-backed', '-o', 'compat=0.10', '-b', 'base', '-F', 'raw', '-u')
  assert.deepEqual(old, { ...plain, version: 2, backingFile: 'base' })
  const data = join(folder.path, 'data.raw')
  assert.equal(make('split', '-o', `data_file=${data}`).dataFile, data)
})

test('an image that OVMS makes is one for qemu-img, whatever its size', async () => {
  await using folder = await temporaryFolder()
  for (const size of [512, 1000, 2 ** 20, 2 ** 32, 2 ** 40 + 512]) {
    const path = join(folder.path, `${size}.qcow2`)
    await createQcow2(path, size)
    execFileSync('qemu-img', ['check', '-q', path])
    const info = JSON.parse(execFileSync('qemu-img', ['info', '--output=json', path], { encoding: 'utf8' }))
    assert.equal(info['virtual-size'], Math.ceil(size / 512) * 512)
    assert.equal(parseQcow2Header(readFileSync(path)).virtualSize, info['virtual-size'])
  }
})

test('any bytes are a header or refused', () => {
  const start = Buffer.from([0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 3])
  const body = fc.uint8Array({ maxLength: 400 })
  const any = fc.oneof(
    body,
    body.map((bytes) => Buffer.concat([start, bytes])),
  )
  fc.assert(
    fc.property(any, (bytes) => onlyRefuses(() => parseQcow2Header(bytes))),
    { numRuns: 2000 },
  )
})

test('a good header with any of its bytes changed is a header or refused', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'image')
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', '/base', '-F', 'raw', '-u', path, '1G'])
  const image = readFileSync(path).subarray(0, 4096)
  const changes = fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 4 })
  fc.assert(
    fc.property(changes, fc.nat(4096), (all, length) => {
      const bytes = Buffer.from(image.subarray(0, length))
      for (const [at, value] of all) if (at < bytes.length) bytes[at] = value
      return onlyRefuses(() => parseQcow2Header(bytes))
    }),
    { numRuns: 2000 },
  )
})

test('what is no usable header is refused with the reason', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'image')
  await createQcow2(path, 2 ** 20)
  const patched = (patch: (view: DataView) => void, length = 4096) => {
    const bytes = new Uint8Array(readFileSync(path).subarray(0, length))
    patch(new DataView(bytes.buffer))
    return bytes
  }
  const rows: [Uint8Array, RegExp, unknown][] = [
    [new Uint8Array(0), /at least 72 bytes/, 0],
    [patched(() => {}, 80), /cut short/, 80],
    [patched((view) => view.setUint32(0, 0x7f454c46)), /magic but with 0x7f454c46/, 0x7f454c46],
    [patched((view) => view.setUint32(4, 4)), /version is 4/, 4],
    [patched((view) => view.setUint32(20, 22)), /2\^22/, 22],
    [patched((view) => view.setUint32(20, 8)), /2\^8/, 8],
    [patched((view) => view.setBigUint64(24, 2n ** 63n)), /beyond what is possible/, String(2n ** 63n)],
    [patched((view) => view.setBigUint64(72, 32n)), /features that are not known/, '32'],
    [
      patched((view) => {
        view.setBigUint64(8, 200n)
        view.setUint32(16, 1024)
      }),
      /1024 bytes, at most 1023/,
      1024,
    ],
  ]
  for (const [bytes, message, actual] of rows)
    await refused(() => parseQcow2Header(bytes), 'disk-invalid', { message, actual, hint: /qemu-img/ })
})
