import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { onlyRefuses, refused } from '../../test/support/refusals.ts'
import { checkDisk, detectDiskFormat, parseDiskFormat } from './disk-image.ts'

const alone = { isBottom: true, isAlone: true }
const above = { isBottom: false, isAlone: false }

/** The first bytes of a qcow2 image of 1 MiB, with fields patched into it. */
function header(patch: (view: DataView) => void = () => {}): Uint8Array {
  const bytes = new Uint8Array(1024)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, 0x514649fb)
  view.setUint32(4, 3)
  view.setUint32(20, 16)
  view.setBigUint64(24, 2n ** 20n)
  view.setUint32(100, 104)
  patch(view)
  return bytes
}

function backed(view: DataView): void {
  view.setBigUint64(8, 512n)
  view.setUint32(16, 9)
  for (const [index, letter] of [...'/etc/pass'].entries()) view.setUint8(512 + index, letter.charCodeAt(0))
}

test('an image that asks for nothing else is taken, with the size the guest sees', () => {
  assert.deepEqual(checkDisk(header(), 1024, { format: 'qcow2', ...alone }, 'd'), {
    format: 'qcow2',
    virtualSize: 2 ** 20,
  })
  assert.deepEqual(checkDisk(new Uint8Array(9), 4096, { format: 'raw', ...alone }, 'd'), {
    format: 'raw',
    virtualSize: 4096,
  })
})

test('a backing name is refused in a lone image and ignored in a chain that the manifest describes', async () => {
  await refused(() => checkDisk(header(backed), 1024, { format: 'qcow2', ...alone }, 'd'), 'disk-refused', {
    actual: '/etc/pass',
    message: /"\/etc\/pass"/,
    hint: /qemu-img convert/,
  })
  assert.equal(checkDisk(header(backed), 1024, { format: 'qcow2', ...above }, 'd').format, 'qcow2')
})

test('foreign data, encryption and damage are refused anywhere in a chain', async () => {
  const rows: [(view: DataView) => void, RegExp][] = [
    [(view) => view.setBigUint64(72, 4n), /keeps its data in another file/],
    [(view) => view.setBigUint64(72, 2n), /marked corrupt/],
    [(view) => view.setUint32(32, 1), /encrypted/],
    [(view) => view.setUint32(32, 2), /encrypted/],
  ]
  for (const [patch, message] of rows) {
    for (const place of [alone, above])
      await refused(
        () => checkDisk(header(patch), 1024, { format: 'qcow2', ...place }, 'd'),
        'disk-refused',
        {
          message,
          hint: /qemu-img/,
        },
      )
  }
})

test('a raw image is only the lowest layer, and not empty', async () => {
  const check = (size: number, place: typeof alone) =>
    checkDisk(new Uint8Array(0), size, { format: 'raw', ...place }, 'd')
  await refused(() => check(512, above), 'disk-refused', { hint: /./ })
  await refused(() => check(0, alone), 'disk-refused', { actual: 0 })
})

test('a format that is not known is refused by name', async () => {
  await refused(() => parseDiskFormat('vmdk'), 'format-unsupported', {
    actual: 'vmdk',
    hint: /qemu-img convert/,
  })
  await refused(() => parseDiskFormat('constructor'), 'format-unsupported')
})

test('the format is told by the first bytes', () => {
  assert.equal(detectDiskFormat(header()), 'qcow2')
  for (const bytes of [[], [0x51], [0x51, 0x46, 0x49], [0, 0, 0, 0]])
    assert.equal(detectDiskFormat(Uint8Array.from(bytes)), 'raw')
})

test('any bytes in any place are a disk or refused', () => {
  const format = fc.constantFrom('qcow2', 'raw', 'vmdk')
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      format,
      fc.boolean(),
      fc.boolean(),
      (bytes, each, low, only) =>
        onlyRefuses(() =>
          checkDisk(bytes, bytes.length, { format: each, isBottom: low, isAlone: only }, 'd'),
        ),
    ),
  )
})
