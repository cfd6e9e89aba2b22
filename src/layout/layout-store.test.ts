import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { noise, sampleArtifact } from '../../test/support/blobs.ts'
import { temporaryFolder } from '../../test/support/folders.ts'
import { refused } from '../../test/support/refusals.ts'
import { newStore } from '../../test/support/stores.ts'
import { openerOf } from '../base/streams.ts'
import { contentStoreContract } from '../content/contract.ts'
import { writeIndex } from './index-file.ts'
import { LayoutStore } from './layout-store.ts'

contentStoreContract('LayoutStore', async () => {
  const folder = await temporaryFolder()
  const store = await LayoutStore.create(join(folder.path, 'store'))
  return { store, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
})

test('a name that holds a digest stands for nothing but that digest', async () => {
  await using local = await newStore()
  const [good, evil] = [sampleArtifact(), sampleArtifact({ kernel: noise(500, 3) })]
  for (const { blob, bytes } of [...good.all, ...evil.all]) await local.store.put(blob, openerOf(bytes))
  const name = `registry.example.com/web@${good.root.digest}`
  for (const wanted of [name, good.root.digest])
    await refused(local.store.tag(wanted, evil.root), 'digest-mismatch')
  await local.store.tag(name, good.root)
  assert.equal((await local.store.resolve(name)).digest, good.root.digest)
})

test('of an entry that comes from elsewhere only what is needed is written, and an index that is too large is not', async () => {
  await using local = await newStore()
  const { root, all } = sampleArtifact()
  for (const { blob, bytes } of all) await local.store.put(blob, openerOf(bytes))
  const large = { ...root, data: 'x'.repeat(5_000_000), annotations: { note: 'y'.repeat(5_000_000) } }
  await local.store.tag('web:1', large)
  assert.deepEqual(await local.store.resolve('web:1'), root)
  const entries = Array.from({ length: 10_001 }, () => root)
  await refused(writeIndex(local.store.paths, entries), 'store-full')
  assert.equal((await local.store.entries()).length, 1)
})

test('a blob that nobody reads leaves no file open', async () => {
  await using local = await newStore()
  const { kernel, all } = sampleArtifact()
  for (const { blob, bytes } of all) await local.store.put(blob, openerOf(bytes))
  const before = (await readdir('/proc/self/fd')).length
  for (let time = 0; time < 20; time++) await local.store.open(kernel.blob)
  assert.ok((await readdir('/proc/self/fd')).length <= before)
})
