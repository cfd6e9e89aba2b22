import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatDuration, parseDuration } from './duration.ts'

test('a duration is shown as a person needs it', () => {
  const rows: [number, string][] = [
    [0, '0 ms'],
    [84.4, '84 ms'],
    [1000, '1.0 s'],
    [4200, '4.2 s'],
    [59_949, '59.9 s'],
    [59_950, '1m 00s'],
    [187_000, '3m 07s'],
    [7_500_000, '2h 05m'],
    [273_600_000, '3d 4h'],
  ]
  for (const [ms, text] of rows) assert.equal(formatDuration(ms), text)
})

test('a duration is read with its unit, a bare number as seconds', () => {
  const rows: [string, number | undefined][] = [
    ['500ms', 500],
    ['10s', 10_000],
    ['10', 10_000],
    ['0', 0],
    ['1.5m', 90_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
    ['', undefined],
    ['-1s', undefined],
    ['1 s', undefined],
    ['1w', undefined],
    ['s', undefined],
    ['9'.repeat(400), undefined],
  ]
  for (const [text, ms] of rows) assert.equal(parseDuration(text), ms, JSON.stringify(text))
})

test('no text makes a duration that a timer cannot count', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const ms = parseDuration(text)
      return ms === undefined || (Number.isFinite(ms) && ms >= 0)
    }),
  )
})

test('every duration has a text without odd numbers in it', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e12, noNaN: true }), (ms) => {
      assert.match(formatDuration(ms), /^(?:\d+ ms|\d+\.\d s|\d+m \d\ds|\d+h \d\dm|\d+d \d+h)$/)
      assert.doesNotMatch(formatDuration(ms), /^(?:1000 ms|60\.0 s|60m|24h)/)
    }),
  )
})
