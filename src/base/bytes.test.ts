import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatBytes, parseBytes } from './bytes.ts'

const GIB = 2 ** 30

test('bytes are shown with the unit that fits', () => {
  const rows: [number, string][] = [
    [0, '0 B'],
    [1, '1 B'],
    [1023, '1023 B'],
    [1024, '1.00 KiB'],
    [1536, '1.50 KiB'],
    [10 * 1024, '10.0 KiB'],
    [99.96 * 1024, '100 KiB'],
    [1023.6 * 1024, '1.00 MiB'],
    [GIB, '1.00 GiB'],
    [2 ** 53, '8.00 PiB'],
  ]
  for (const [bytes, text] of rows) assert.equal(formatBytes(bytes), text)
})

test('sizes are read in binary units, written as people write them', () => {
  const rows: [string, number | undefined][] = [
    ['4096', 4096],
    ['512M', 512 * 2 ** 20],
    ['512m', 512 * 2 ** 20],
    ['2GiB', 2 * GIB],
    ['2 GB', 2 * GIB],
    ['1.5G', 1.5 * GIB],
    [' 1T ', 2 ** 40],
    ['0', 0],
    ['', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['1X', undefined],
    ['M', undefined],
    ['1e3', undefined],
    ['9'.repeat(20), undefined],
  ]
  for (const [text, bytes] of rows) assert.equal(parseBytes(text), bytes, JSON.stringify(text))
})

test('what is shown of a size reads back within the figures shown', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 49 }), (bytes) => {
      const shown = formatBytes(bytes)
      const [value = '', unit = ''] = shown.split(' ')
      const back = Number(value) * 1024 ** ['B', 'KiB', 'MiB', 'GiB', 'TiB'].indexOf(unit)
      assert.ok(Math.abs(back - bytes) <= bytes * 0.006, `${bytes} is shown as ${shown}`)
    }),
  )
})

test('no text makes a size that is not a whole number of bytes', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const bytes = parseBytes(text)
      return bytes === undefined || (Number.isSafeInteger(bytes) && bytes >= 0)
    }),
  )
})
