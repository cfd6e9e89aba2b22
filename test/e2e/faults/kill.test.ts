import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { statOrNothing } from '../../../src/base/files.ts'
import { sleep } from '../../../src/base/signal.ts'
import { noise, sampleArtifact } from '../../support/blobs.ts'
import { runChild, startChild } from '../../support/children.ts'
import { type TemporaryFolder, temporaryFolder } from '../../support/folders.ts'
import { startRudeRegistry } from '../../support/rude-registry.ts'
import { openStore, type TestStore } from '../../support/stores.ts'
import { requireHonest, requireWhole } from '../../support/whole.ts'

const DISK_BYTES = 6_000_000
const artifact = sampleArtifact({ disks: [noise(DISK_BYTES, 2)] })
const disk = artifact.disks[0]?.blob ?? artifact.kernel.blob
const total = artifact.all.reduce((sum, { blob }) => sum + blob.size, 0)

let folder: TemporaryFolder

before(async () => {
  folder = await temporaryFolder()
})

after(() => folder[Symbol.asyncDispose]())

for (const killAt of [0, 1, 3, 6, 10, 20, 40, 80]) {
  test(`a pull that is killed at event ${killAt} leaves a store that is right, and the next pull resumes`, async () => {
    await using registry = await startRudeRegistry(artifact)
    const root = join(folder.path, `pull-${killAt}`)
    const reference = `${registry.address}/demo:1`
    const { signal, code, stderr } = await runChild('pull', [root, reference, `${killAt}`])
    assert.ok(signal === 'SIGKILL' || code === 0, stderr)
    const local = await openStore(root)
    await isConsistent(local)
    const partials = (await local.leftovers()).filter((file) => file.endsWith('.part'))
    await local.store.collect()
    assert.deepEqual(await local.leftovers(), partials, 'partial blobs stay, all else goes')
    registry.sent.bytes = 0
    const again = await runChild('pull', [root, reference])
    assert.equal(again.code, 0, again.stderr)
    const { moved, kept } = JSON.parse(again.stdout)
    assert.equal(moved + kept, total)
    await requireWhole(local.store, reference)
    assert.deepEqual(await local.leftovers(), [])
  })
}

test('a pull that is killed when half of a disk had arrived fetches the other half', async () => {
  await using registry = await startRudeRegistry(
    artifact,
    new Map([[disk.digest, { stallAfter: 3_500_000 }]]),
  )
  const root = join(folder.path, 'half')
  const reference = `${registry.address}/demo:1`
  const child = startChild('pull', [root, reference])
  await until(async () => (await partialBytes(root)) >= 3_000_000)
  child.process.kill('SIGKILL')
  await child.result
  registry.misdeeds.clear()
  registry.sent.bytes = 0
  const arrived = await partialBytes(root)
  const again = await runChild('pull', [root, reference])
  const { kept } = JSON.parse(again.stdout)
  assert.ok(kept >= arrived && arrived >= 3_000_000, `${arrived} had arrived, ${kept} were kept`)
  assert.ok(registry.sent.bytes <= total - arrived + 10_000, `${registry.sent.bytes} were sent again`)
  await requireWhole((await openStore(root)).store, reference)
})

for (const killAt of [0, 1, 2, 3, 5, 8]) {
  test(`a build that is killed at event ${killAt} leaves nothing that garbage collection does not clear`, async () => {
    const files = await buildFiles()
    const root = join(folder.path, `build-${killAt}`)
    const { signal, code, stderr } = await runChild('build', [root, files, 'local/demo:1', `${killAt}`])
    assert.ok(signal === 'SIGKILL' || code === 0, stderr)
    const local = await openStore(root)
    await isConsistent(local)
    await local.store.collect()
    if (signal === 'SIGKILL') assert.deepEqual([await local.blobs(), await local.leftovers()], [[], []])
    const again = await runChild('build', [root, files, 'local/demo:1'])
    assert.equal(again.code, 0, again.stderr)
    await requireWhole(local.store, 'local/demo:1')
    assert.deepEqual(await local.leftovers(), [])
  })
}

test('two pulls of one artifact at once, in two processes, fetch each blob once', async () => {
  await using registry = await startRudeRegistry(artifact)
  for (let round = 0; round < 4; round++) {
    registry.requests.length = 0
    const root = join(folder.path, `two-${round}`)
    const reference = `${registry.address}/demo:1`
    const results = await Promise.all([1, 2].map(() => runChild('pull', [root, reference])))
    for (const { code, stderr } of results) assert.equal(code, 0, stderr)
    for (const { blob } of [artifact.kernel, ...artifact.disks]) {
      const fetched = registry.requests.filter((line) => line.startsWith('GET') && line.includes(blob.digest))
      assert.equal(fetched.length, 1, fetched.join(', '))
    }
    const moved = results.reduce((sum, { stdout }) => sum + JSON.parse(stdout).moved, 0)
    assert.ok(moved < total + 10_000, `${moved} bytes were moved for ${total}`)
    const local = await openStore(root)
    await requireWhole(local.store, reference)
    assert.deepEqual(await local.leftovers(), [])
  }
})

test('garbage collection never takes what a pull or a build at the same time needs', async () => {
  await using registry = await startRudeRegistry(artifact)
  const root = join(folder.path, 'churn')
  const local = await openStore(root)
  const children = [
    startChild('churn', ['pull', root, `${registry.address}/demo:1`, '12']),
    startChild('churn', ['build', root, await buildFiles(), '12']),
  ]
  let isDone = false
  const end = Promise.all(children.map(({ result }) => result)).finally(() => {
    isDone = true
  })
  let collections = 0
  // The lock is not fair: without a pause the collector would take it again before anyone else looks.
  for (; !isDone; collections++) {
    await local.store.collect({ nameless: collections % 2 === 0 })
    await sleep(Math.random() * 40)
  }
  for (const { code, stderr } of await end) assert.equal(code, 0, stderr)
  assert.ok(collections > 20, `only ${collections} collections ran meanwhile`)
  await local.store.collect({ nameless: true })
  assert.deepEqual([await local.blobs(), await local.leftovers()], [[], []])
})

/** A build file with a kernel and a raw disk, made once. */
async function buildFiles(): Promise<string> {
  const path = join(folder.path, 'ovm.yaml')
  await writeFile(join(folder.path, 'vmlinuz'), noise(300_000, 8))
  await writeFile(join(folder.path, 'disk.raw'), noise(4_000_000, 9))
  await writeFile(path, 'kernel:\n  file: vmlinuz\ndisks:\n  - file: disk.raw\n    format: raw\n')
  return path
}

/** What is visible is right: every blob has its digest, every name leads to all of its artifact. */
async function isConsistent(local: TestStore): Promise<void> {
  await requireHonest(local.root)
  for (const name of await local.store.names()) await requireWhole(local.store, name)
}

async function partialBytes(root: string): Promise<number> {
  const { store } = await openStore(root)
  return (await statOrNothing(store.paths.partial(disk.digest)))?.size ?? 0
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000
  while (!(await condition())) {
    assert.ok(Date.now() < end, 'it did not come so far within 20 s')
    await sleep(20)
  }
}
