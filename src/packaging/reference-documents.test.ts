import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import fc from 'fast-check'
import { noise, putArtifact, readBlob, sampleArtifact } from '../../test/support/blobs.ts'
import { temporaryFolder } from '../../test/support/folders.ts'
import { startRegistry } from '../../test/support/registries.ts'
import { newStore } from '../../test/support/stores.ts'
import { copy } from '../content/copy.ts'
import { digestOf, hexOf } from '../model/digest.ts'
import { parseOvmsManifest } from '../model/ovms-manifest.ts'
import { parseReference, type RemoteReference } from '../model/reference.ts'
import { readArtifact } from './artifact.ts'
import { build } from './build.ts'
import { importFolder } from './import-folder.ts'
import { pull } from './obtain.ts'

const SCHEMA = join(import.meta.dirname, '../../../shared/reference/openvms-manifest.v1.schema.json')
const skip = existsSync(SCHEMA) ? false : `the reference schema is not here: ${SCHEMA}`

const kernel = noise(2000, 5)
const KERNEL_REF = digestOf(kernel)

const key = fc.string().filter((each) => each !== '__proto__')
const anything = fc.jsonValue({ maxDepth: 2 })
/** An object of known fields that may each be missing but for `required`, and of unknown ones beside them. */
const open = (fields: Record<string, fc.Arbitrary<unknown>>, required: string[] = []) =>
  fc
    .tuple(fc.dictionary(key, anything, { maxKeys: 2 }), fc.record(fields, { requiredKeys: required }))
    .map(([unknown, known]) => {
      const free = Object.entries(unknown).filter(([name]) => !(name in fields))
      return { ...Object.fromEntries(free), ...known }
    })

const ref = fc.oneof(fc.string(), fc.constant(KERNEL_REF))
const text = fc.string()
const document = open(
  {
    schemaVersion: fc.constant(1),
    mediaType: fc.constant('application/vnd.ovms.manifest.v1+json'),
    name: text,
    version: text,
    kernel: open({ ref: fc.constant(KERNEL_REF), args: text }, ['ref']),
    initrd: open({ ref }, ['ref']),
    diskLayers: fc.array(
      open({ ref, format: fc.constantFrom('qcow2', 'raw', 'ovfms'), size: fc.maxSafeInteger() }, [
        'ref',
        'format',
      ]),
      { maxLength: 3 },
    ),
    ramSnapshot: open({ ref, compression: text, preload_hint: fc.boolean(), mlock_required: fc.boolean() }, [
      'ref',
    ]),
    devices: fc.array(
      open({ type: text, name: text, size: fc.maxSafeInteger(), mmio_addr: text }, ['type', 'name']),
      {
        maxLength: 3,
      },
    ),
    metadata: open({
      author: text,
      created: fc
        .date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-01-01') })
        .map((at) => at.toISOString()),
      platform: open({ arch: text, uefi: fc.boolean() }),
    }),
    runtimeHints: open({ preferredRuntime: fc.array(text), coldStartTargetMs: fc.maxSafeInteger() }),
  },
  ['schemaVersion', 'mediaType', 'name', 'version', 'kernel'],
)

/** The document as bytes, written as somebody else would. */
const written = fc
  .tuple(document, fc.constantFrom(undefined, 1, 4, '\t'), fc.constantFrom('', '\n', '\r\n  '))
  .map(([value, indent, end]) => ({ value, bytes: Buffer.from(JSON.stringify(value, null, indent) + end) }))

test('every document that the reference schema allows is read, with unknown fields and values', {
  skip,
}, () => {
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(
    JSON.parse(readFileSync(SCHEMA, 'utf8')),
  )
  fc.assert(
    fc.property(written, ({ value, bytes }) => {
      assert.ok(validate(JSON.parse(bytes.toString())), JSON.stringify(validate.errors))
      const parsed = parseOvmsManifest(bytes)
      assert.deepEqual(parsed.value, JSON.parse(JSON.stringify(value)))
      assert.equal(parsed.bytes, bytes)
    }),
    { numRuns: 500 },
  )
})

test('formats, compressions and devices that nobody knows are read like any', () => {
  const odd = {
    schemaVersion: 1,
    mediaType: 'application/vnd.ovms.manifest.v1+json',
    name: '',
    version: '',
    diskLayers: [{ ref: 'x', format: 'vmdk' }],
    ramSnapshot: { ref: 'x', compression: 'brotli' },
    devices: [{ type: 'tpm', name: 't' }],
  }
  assert.deepEqual(parseOvmsManifest(Buffer.from(JSON.stringify(odd))).value, odd)
})

test('the bytes of an OVMS manifest are the same after push, registry and pull', async () => {
  await using source = await newStore()
  await using target = await newStore()
  await using registry = await startRegistry()
  for (const [index, { bytes }] of fc.sample(written, 5).entries()) {
    const artifact = sampleArtifact({ kernel, manifestBytes: bytes })
    await putArtifact(source.store, artifact, `demo:${index}`)
    const repository = registry.repository('demo')
    await copy({ store: source.store, name: `demo:${index}` }, { store: repository, name: `${index}` })
    const reference = parseReference(`${registry.address}/demo:${index}`) as RemoteReference
    const pulled = await pull({ store: target.store, openRepository: registry.openRepository }, reference)
    assert.deepEqual(await readBlob(target.store, pulled.artifact.manifestBlob), bytes)
    assert.deepEqual(await readBlob(target.store, pulled.artifact.root), artifact.rootBytes)
  }
})

test('the bytes of an unpacked OVMS manifest are the same in the artifact', async () => {
  await using folder = await temporaryFolder()
  await using local = await newStore()
  const value = {
    ...JSON.parse(sampleArtifact({ kernel }).manifestBytes.toString()),
    future: { deep: [1, null] },
  }
  const bytes = Buffer.from(`${JSON.stringify(value, null, 3)}\n\n`)
  await writeFile(join(folder.path, 'manifest.json'), bytes)
  await mkdir(join(folder.path, 'blobs'))
  await writeFile(join(folder.path, 'blobs', `sha256-${hexOf(KERNEL_REF)}`), kernel)
  const root = await importFolder(folder.path, local.store, {
    openLayout: () => assert.fail('it is no layout'),
  })
  const { manifestBlob } = await readArtifact(local.store, root)
  assert.deepEqual(await readBlob(local.store, manifestBlob), bytes)
})

test('a build upon an artifact keeps the fields of its manifest that nobody knows', async () => {
  await using local = await newStore()
  const more = {
    future: { deep: [1, null] },
    metadata: { future: true, platform: { arch: 'x86_64', future: 1 } },
  }
  const base = sampleArtifact({ kernel, more })
  await putArtifact(local.store, base, 'base:1')
  await using lease = await local.store.lease()
  const artifact = await readArtifact(local.store, base.root)
  const built = await build({ kernel: { args: 'quiet' } }, lease, {
    name: 'top',
    version: '2',
    base: artifact,
  })
  const { value } = parseOvmsManifest(await readBlob(local.store, built.manifestBlob))
  assert.deepEqual(value, {
    ...JSON.parse(base.manifestBytes.toString()),
    name: 'top',
    version: '2',
    kernel: { ref: KERNEL_REF, args: 'quiet' },
  })
})
