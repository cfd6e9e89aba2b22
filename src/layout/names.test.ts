import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { putArtifact, sampleArtifact, sampleOf } from '../../test/support/blobs.ts'
import { filesBelow, temporaryFolder } from '../../test/support/folders.ts'
import { refused } from '../../test/support/refusals.ts'
import { newStore } from '../../test/support/stores.ts'
import { openerOf } from '../base/streams.ts'
import { LayoutStore } from './layout-store.ts'
import { LayoutRepositories } from './repositories.ts'

const artifact = sampleArtifact()

test('an artifact is found by its name and by its digest, also in a longer name', async () => {
  await using opened = await newStore()
  await putArtifact(opened.store, artifact, 'demo:1')
  for (const name of ['demo:1', artifact.root.digest, `demo@${artifact.root.digest}`])
    assert.deepEqual(await opened.store.resolve(name), artifact.root)
  const { digest } = sampleOf('other').blob
  for (const name of ['demo', 'demo:2', digest])
    await refused(opened.store.resolve(name), 'reference-unknown', { actual: name })
})

test('names come and go, what they stood for stays until it is removed', async () => {
  await using opened = await newStore()
  const { store } = opened
  await putArtifact(store, artifact, 'demo:1')
  await store.tag('demo:2', artifact.root)
  assert.deepEqual(await store.names(), ['demo:1', 'demo:2'])
  await store.untag('demo:1')
  assert.deepEqual(await store.names(), ['demo:2'])
  await store.untag('demo:2')
  assert.deepEqual(await store.list(), [{ root: artifact.root }])
  await refused(store.untag('demo:2'), 'reference-unknown', { actual: 'demo:2' })
  await store.remove(artifact.root.digest)
  assert.deepEqual(await store.list(), [])
  await refused(store.remove(artifact.root.digest), 'reference-unknown')
})

test('no name is lost when many are given at once', async () => {
  await using opened = await newStore()
  await putArtifact(opened.store, artifact, 'demo:0')
  const names = Array.from({ length: 10 }, (_, index) => `demo:${index}`)
  await Promise.all(names.map((name) => opened.store.tag(name, artifact.root)))
  assert.deepEqual((await opened.store.names()).toSorted(), names.toSorted())
})

test('a blob that is held must be there', async () => {
  await using opened = await newStore()
  const { digest } = sampleOf('missing').blob
  await refused(opened.store.hold('instance', [digest]), 'blob-unknown', { actual: digest })
})

test('skopeo reads the store as it lies', async (context) => {
  try {
    execFileSync('skopeo', ['--version'], { stdio: 'ignore' })
  } catch {
    return context.skip('skopeo is not installed')
  }
  await using opened = await newStore()
  await putArtifact(opened.store, artifact, 'demo')
  const text = execFileSync('skopeo', ['inspect', '--raw', `oci:${opened.root}:demo`])
  assert.deepEqual(text, artifact.rootBytes)
})

test('a layout of another tool is opened as it is, and what is none is refused', async () => {
  await using folder = await temporaryFolder()
  await refused(LayoutStore.open(folder.path), 'archive-invalid', { actual: folder.path })
  await writeFile(join(folder.path, 'oci-layout'), '{"imageLayoutVersion":"2.0.0"}')
  await refused(LayoutStore.open(folder.path), 'archive-invalid', { actual: '2.0.0' })
  await writeFile(join(folder.path, 'oci-layout'), 'hello')
  await refused(LayoutStore.open(folder.path), 'manifest-invalid')
  await writeFile(join(folder.path, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  await writeFile(join(folder.path, 'index.json'), '{"schemaVersion":2,"manifests":[]}')
  await mkdir(join(folder.path, 'blobs'))
  const before = await filesBelow(folder.path)
  assert.deepEqual(await (await LayoutStore.open(folder.path)).list(), [])
  assert.deepEqual(await filesBelow(folder.path), before)
})

test('a store whose index is damaged says so, and damages it no further', async () => {
  await using opened = await newStore()
  await putArtifact(opened.store, artifact, 'demo:1')
  await writeFile(opened.store.paths.index, '{"schemaVersion":2,"manif')
  await refused(opened.store.resolve('demo:1'), 'manifest-invalid')
  await refused(opened.store.tag('demo:2', artifact.root), 'manifest-invalid')
  await refused(opened.store.collect(), 'manifest-invalid')
  assert.equal(await readFile(opened.store.paths.index, 'utf8'), '{"schemaVersion":2,"manif')
  assert.equal((await opened.blobs()).length, artifact.all.length)
})

test('each repository is a layout of its own, and none lies within another', async () => {
  await using folder = await temporaryFolder()
  const repositories = new LayoutRepositories(join(folder.path, 'root'))
  assert.deepEqual(await repositories.list(), [])
  assert.equal(await repositories.find('a/blobs'), undefined)
  const { blob, bytes } = sampleOf('x')
  await (await repositories.create('a')).put(blob, openerOf(bytes))
  await repositories.create('a/blobs')
  assert.deepEqual(await repositories.list(), ['a', 'a/blobs'])
  assert.equal(await (await repositories.create('a/blobs')).has(blob), false)
  assert.equal(await repositories.create('a'), await repositories.find('a'))
})

test('a repository that could not be made is tried again', async () => {
  await using folder = await temporaryFolder()
  const root = join(folder.path, 'root')
  await writeFile(root, 'a file in the way')
  const repositories = new LayoutRepositories(root)
  await refused(repositories.create('a'), 'store-failed')
  await rm(root)
  await repositories.create('a')
})
