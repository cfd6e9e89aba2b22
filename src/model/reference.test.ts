import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { onlyRefuses, refused } from '../../test/support/refusals.ts'
import { runVectors, textOf } from '../../test/support/vectors.ts'
import { blobDigest, blobDigestOrNothing } from './blob-reference.ts'
import { formatReference, isRemote, parseReference, withDefaultTag } from './reference.ts'

runVectors('references/references', (vector) => {
  const reference = parseReference(textOf(vector))
  assert.equal(formatReference(reference), textOf(vector))
  return reference
})

const registry = fc.constantFrom(
  'localhost',
  'localhost:5000',
  'a.example.com',
  '127.0.0.1:1',
  '[::1]',
  '[fe80::1]:443',
)
const repository = fc.stringMatching(
  /^[a-z0-9]{1,8}((\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}(\/[a-z0-9]{1,8}){0,3}$/,
)
const tag = fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,20}$/)
const digest = fc.stringMatching(/^sha256:[0-9a-f]{64}$/)
const text = fc
  .record({ registry, repository, tag, digest }, { requiredKeys: ['registry', 'repository'] })
  .map(({ registry: host, repository: name, tag: at, digest: of }) => {
    return `${host}/${name}${at === undefined ? '' : `:${at}`}${of === undefined ? '' : `@${of}`}`
  })

test('a reference reads back as what it was written from', () => {
  fc.assert(
    fc.property(text, (each) => {
      const reference = parseReference(each)
      assert.equal(formatReference(reference), each)
      assert.deepEqual(parseReference(formatReference(reference)), reference)
    }),
  )
})

test('whatever the text is, it is refused as a reference or means one that reads back', () => {
  const letters = fc.constantFrom(...'aZ09._-:/@[]é \n\0')
  const spoiled = fc.tuple(text, fc.nat(), letters).map(([each, at, letter]) => {
    const index = at % each.length
    return each.slice(0, index) + letter + each.slice(index + 1)
  })
  const any = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: letters }), spoiled)
  fc.assert(
    fc.property(any, (each) => onlyRefuses(() => assert.equal(formatReference(parseReference(each)), each))),
    { numRuns: 2000 },
  )
})

test('every registry that is taken can be asked: it makes a URL', () => {
  const host = fc.stringMatching(/^[a-zA-Z0-9.:[\]-]{1,20}$/)
  fc.assert(
    fc.property(host, (each) =>
      onlyRefuses(() => {
        const { registry: parsed } = parseReference(`${each}/name`)
        if (parsed !== undefined) assert.ok(URL.canParse(`http://${parsed}/v2/`), parsed)
      }),
    ),
    { numRuns: 2000 },
  )
})

test('a long hostile text is refused quickly', async () => {
  for (const piece of ['a-', 'a.', 'a_', 'a/', '-', 'a', '[', ':']) {
    const began = performance.now()
    await refused(() => parseReference(`${piece.repeat(200_000)}!`), 'reference-invalid')
    assert.ok(performance.now() - began < 1000, piece)
  }
})

test('a reference without tag and digest gets the tag latest, others stay', () => {
  assert.equal(formatReference(withDefaultTag(parseReference('a/b'))), 'a/b:latest')
  assert.equal(formatReference(withDefaultTag(parseReference('a/b:1'))), 'a/b:1')
  const named = `a/b@sha256:${'0'.repeat(64)}`
  assert.equal(formatReference(withDefaultTag(parseReference(named))), named)
  assert.equal(isRemote(parseReference('a/b')), false)
  assert.equal(isRemote(parseReference('a.b/c')), true)
})

test('a ref of the manifest is a digest, or a reference that has one', async () => {
  const sha = `sha256:${'0'.repeat(64)}`
  assert.equal(blobDigest(sha), sha)
  assert.equal(blobDigest(`registry.example.com/a/b:1@${sha}`), sha)
  await refused(() => blobDigest('registry.example.com/a/b:1'), 'not-supported', { hint: /@sha256/ })
  await refused(() => blobDigest('md5:abc'), 'digest-unsupported')
  await refused(() => blobDigest('sha256:abc'), 'digest-invalid')
  await refused(() => blobDigest('../x'), 'reference-invalid')
  assert.equal(blobDigestOrNothing('../x'), undefined)
  fc.assert(fc.property(fc.string(), (each) => onlyRefuses(() => blobDigest(each))))
})
