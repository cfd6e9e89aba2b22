import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { onlyRefuses } from '../../test/support/refusals.ts'
import { runVectors, textOf } from '../../test/support/vectors.ts'
import { algorithmOf, Digester, digestOf, hexOf, isDigest, parseDigest } from './digest.ts'

runVectors('digests/digests', (vector) => {
  const digest = parseDigest(textOf(vector))
  return { algorithm: algorithmOf(digest), hex: hexOf(digest) }
})

test('whatever the text is, it is a digest or refused, and both ways to ask agree', () => {
  const nearly = fc.tuple(
    fc.constantFrom('sha256', 'sha512', 'md5', ''),
    fc.stringMatching(/^[0-9a-fA-F]{60,130}$/),
  )
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    nearly.map(([algorithm, hex]) => `${algorithm}:${hex}`),
  )
  fc.assert(fc.property(text, (each) => onlyRefuses(() => parseDigest(each))))
  fc.assert(
    fc.property(text, (each) => {
      const parses = (() => {
        try {
          return parseDigest(each) === each
        } catch {
          return false
        }
      })()
      assert.equal(isDigest(each), parses)
    }),
  )
})

test('bytes have one digest, however they are cut into pieces', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), fc.constantFrom('sha256', 'sha512'), (pieces, algorithm) => {
      const digester = new Digester(algorithm)
      for (const piece of pieces) digester.update(piece)
      const whole = Buffer.concat(pieces)
      assert.equal(digester.size, whole.length)
      const digest = digester.digest()
      assert.equal(digest, digestOf(whole, algorithm))
      assert.equal(parseDigest(digest), digest)
    }),
  )
})
