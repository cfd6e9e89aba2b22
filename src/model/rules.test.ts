import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readVectors } from '../../test/support/vectors.ts'
import { type ArtifactFacts, checkArtifact, isPowerOfTwo, RULES } from './rules.ts'

const vectors = readVectors('rules/rules')

for (const { id, comment, input, verdict, code, result } of vectors) {
  test(`vector rules/rules ${id}: ${comment}`, () => {
    const findings = checkArtifact(input as ArtifactFacts)
    if (verdict === 'valid') return assert.deepEqual(findings, [])
    const { severity, paths } = result as { severity: string; paths: string[] }
    assert.deepEqual(
      findings.map(({ rule, severity: found, path }) => ({ rule, severity: found, path })),
      paths.map((path) => ({ rule: code, severity, path })),
    )
    for (const { message } of findings) assert.ok(message.length > 10)
  })
}

test('every rule has a vector that breaks it', () => {
  const broken = new Set(vectors.map(({ code }) => code))
  assert.deepEqual(
    Object.keys(RULES).filter((rule) => !broken.has(rule)),
    [],
  )
})

test('all broken rules are told, not only the first', () => {
  const facts = {
    manifest: {
      schemaVersion: 1,
      mediaType: 'application/vnd.ovms.manifest.v1+json',
      name: '',
      version: '',
      initrd: { ref: 'nothing' },
      devices: [{ type: 'x', name: 'x' }],
    },
    blobs: [],
  }
  const rules = checkArtifact(facts as unknown as ArtifactFacts).map(({ rule }) => rule)
  assert.deepEqual(rules, ['blob-missing', 'nothing-to-boot', 'device-unknown'])
})

test('the rules never throw, whatever the texts and numbers are', () => {
  const ref = fc.string()
  const layer = fc.record(
    { ref, format: fc.string(), size: fc.integer() },
    { requiredKeys: ['ref', 'format'] },
  )
  const device = fc.record(
    { type: fc.string(), name: fc.string(), size: fc.integer() },
    { requiredKeys: ['type', 'name'] },
  )
  const manifest = fc.record({
    diskLayers: fc.array(layer),
    devices: fc.array(device),
    kernel: fc.record({ ref }),
  })
  const blob = fc.record({ digest: fc.string(), size: fc.nat(), mediaType: fc.string() })
  fc.assert(
    fc.property(manifest, fc.array(blob), (each, blobs) => {
      checkArtifact({ manifest: each, blobs } as unknown as ArtifactFacts)
    }),
  )
})

test('sizes of shared memory are powers of two from a page on', () => {
  for (const size of [4096, 8192, 2 ** 20, 2 ** 40, 2 ** 52]) assert.ok(isPowerOfTwo(size), `${size}`)
  for (const size of [0, 1, 2048, 4097, 12_288, -4096, 2 ** 53, 4096.5, Number.NaN])
    assert.ok(!isPowerOfTwo(size))
})
