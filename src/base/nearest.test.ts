import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nearest } from './nearest.ts'

const KEYS = ['name', 'version', 'kernel', 'initrd', 'disks', 'devices', 'metadata']

test('the word that was meant is found', () => {
  const rows: [string, string | undefined][] = [
    ['kernal', 'kernel'],
    ['Kernel', 'kernel'],
    ['initrd', 'initrd'],
    ['disk', 'disks'],
    ['nmae', 'name'],
    ['meta', undefined],
    ['xyzzy', undefined],
  ]
  for (const [word, meant] of rows) assert.equal(nearest(word, KEYS), meant, word)
})

test('nothing is near where nothing is known', () => {
  assert.equal(nearest('name', []), undefined)
})

test('a known word is nearest to itself, and to itself with one letter changed', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...KEYS),
      fc.nat(),
      fc.string({ minLength: 1, maxLength: 1 }),
      (word, at, letter) => {
        const index = at % word.length
        assert.equal(nearest(word, KEYS), word)
        assert.equal(nearest(word.slice(0, index) + letter + word.slice(index + 1), KEYS), word)
      },
    ),
  )
})
