import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { onlyRefuses, refused } from '../../test/support/refusals.ts'
import { bytesOf, runVectors } from '../../test/support/vectors.ts'
import type { Descriptor } from './descriptor.ts'
import { jsonBytes, MAX_MANIFEST_BYTES, parseJsonObject } from './json-document.ts'
import { parseOciIndex } from './oci-index.ts'
import { artifactTypeOf, EMPTY_CONFIG, parseOciManifest } from './oci-manifest.ts'
import { parseOvmsManifest } from './ovms-manifest.ts'

const MANIFEST = { schemaVersion: 2, config: EMPTY_CONFIG.descriptor, layers: [] as unknown[] }

runVectors('oci-manifests/oci-manifests', (vector) => {
  const { value, bytes } = parseOciManifest(bytesOf(vector))
  assert.deepEqual(bytes, bytesOf(vector))
  return { artifactType: artifactTypeOf(value) }
})

runVectors('oci-manifests/oci-indexes', (vector) => parseOciIndex(bytesOf(vector)).value)

runVectors('ovms-manifests/ovms-manifests', (vector) => {
  const { value, bytes } = parseOvmsManifest(bytesOf(vector))
  assert.deepEqual(bytes, bytesOf(vector))
  assert.deepEqual(value, JSON.parse(bytesOf(vector).toString()))
})

runVectors('descriptors/descriptors', (vector) => {
  const { value } = parseOciManifest(jsonBytes({ ...MANIFEST, layers: [vector.input] }))
  const [layer] = value.layers
  assert.deepEqual(layer, vector.input as Descriptor)
})

const parsers = { parseOciManifest, parseOciIndex, parseOvmsManifest }

for (const [name, parse] of Object.entries(parsers)) {
  test(`${name} takes or refuses any bytes, and nothing else happens`, () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => onlyRefuses(() => parse(bytes))))
    fc.assert(fc.property(fc.json(), (text) => onlyRefuses(() => parse(Buffer.from(text)))))
  })

  test(`${name} refuses a document with any value in any place in its own words`, () => {
    const keys = [
      'schemaVersion',
      'mediaType',
      'config',
      'layers',
      'manifests',
      'annotations',
      'subject',
      'name',
    ]
    const more = ['version', 'kernel', 'diskLayers', 'devices', 'metadata', '__proto__', 'constructor']
    const document = fc.dictionary(fc.constantFrom(...keys, ...more), fc.jsonValue())
    const whole = { ...MANIFEST, manifests: [], name: '', version: '' }
    fc.assert(
      fc.property(document, fc.boolean(), (value, isWhole) =>
        onlyRefuses(() => parse(Buffer.from(JSON.stringify(isWhole ? { ...whole, ...value } : value)))),
      ),
    )
  })

  test(`${name} refuses more than 4 MiB`, async () => {
    await refused(() => parse(Buffer.alloc(MAX_MANIFEST_BYTES + 1, ' ')), 'manifest-too-large', {
      actual: MAX_MANIFEST_BYTES + 1,
      hint: /./,
    })
  })

  test(`${name} refuses a document that is wrong in two million places as quickly as any`, async () => {
    const zeros = `[${'0,'.repeat(2_000_000)}0]`
    const began = performance.now()
    const text = `{"schemaVersion":2,"config":{},"layers":${zeros},"manifests":${zeros}}`.slice(
      0,
      MAX_MANIFEST_BYTES,
    )
    await refused(() => parse(Buffer.from(`{"schemaVersion":2,"layers":${zeros}}`)), 'manifest-invalid')
    await refused(() => parse(Buffer.from(text)), 'manifest-invalid')
    assert.ok(performance.now() - began < 1500, `${performance.now() - began} ms`)
  })

  test(`${name} refuses a document that is nested 200 000 times`, async () => {
    const nested = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
    for (const key of ['schemaVersion', 'name', 'config', 'annotations'])
      await refused(() => parse(Buffer.from(`{"${key}":${nested}}`)), 'manifest-invalid')
  })
}

test('a refusal names the place, the rule and the value', async () => {
  const layers = [EMPTY_CONFIG.descriptor, { ...EMPTY_CONFIG.descriptor, size: 'two' }]
  await refused(() => parseOciManifest(jsonBytes({ ...MANIFEST, layers })), 'manifest-invalid', {
    actual: 'two',
    message: /layers\.1\.size must be integer, it is "two"/,
    hint: /oci-manifest\.v1\.schema\.json/,
  })
})

test('a document that is no JSON shows how it starts', async () => {
  await refused(() => parseJsonObject(Buffer.from('<!DOCTYPE html>'), 'The manifest'), 'manifest-invalid', {
    actual: '<!DOCTYPE html>',
    message: /starts with "<!DOCTYPE html>"/,
    hint: /./,
  })
})

test('the same value makes the same bytes, in the order in which it was written', () => {
  assert.equal(jsonBytes({ b: 1, a: [] }).toString(), '{\n  "b": 1,\n  "a": []\n}\n')
  fc.assert(
    fc.property(fc.object(), (value) => {
      assert.deepEqual(jsonBytes(value), jsonBytes(value))
    }),
  )
})
