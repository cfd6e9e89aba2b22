import assert from 'node:assert/strict'
import { mkdir, open, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { copy } from '../../../src/content/copy.ts'
import type { LayoutStore } from '../../../src/layout/layout-store.ts'
import { LayoutRepositories } from '../../../src/layout/repositories.ts'
import { parseReference, type RemoteReference } from '../../../src/model/reference.ts'
import { build } from '../../../src/packaging/build.ts'
import { parseBuildFile } from '../../../src/packaging/build-file.ts'
import { pull } from '../../../src/packaging/obtain.ts'
import { noise } from '../../support/blobs.ts'
import { runChild } from '../../support/children.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { startRegistry } from '../../support/registries.ts'
import { newStore } from '../../support/stores.ts'

const MIB = 2 ** 20

test('the holes of a raw disk stay holes through build, push, registry and pull', async () => {
  await using folder = await temporaryFolder()
  await using source = await newStore()
  await using target = await newStore()
  const repositories = new LayoutRepositories(join(folder.path, 'registry'))
  await using registry = await startRegistry(repositories)
  const path = join(folder.path, 'disk.raw')
  await writeSparse(path)
  await using lease = await source.store.lease()
  const built = await build({ disks: [{ file: path }] }, lease, { name: 'demo', version: '1' })
  await lease.tag('demo:1', built.root)
  const [disk] = built.blobs
  assert.ok(disk)
  const repository = registry.repository('demo')
  await copy({ store: source.store, name: 'demo:1' }, { store: repository, name: '1' })
  const reference = parseReference(`${registry.address}/demo:1`) as RemoteReference
  await pull({ store: target.store, openRepository: registry.openRepository }, reference)
  const served = await repositories.create('demo')
  const stores: readonly LayoutStore[] = [source.store, served, target.store]
  for (const store of stores) {
    assert.deepEqual(
      await sizesOf(store.pathOf(disk.digest)),
      { size: 64 * MIB, isSparse: true },
      store.paths.root,
    )
  }
})

test('two builds of the same files in different folders have one digest', async () => {
  await using local = await newStore()
  await using lease = await local.store.lease()
  const digests = []
  for (const created of ['2026-01-01T00:00:00Z', undefined]) {
    const pair = []
    for (const where of ['a', 'b/c']) {
      await using folder = await temporaryFolder()
      const place = join(folder.path, where)
      await mkdir(place, { recursive: true })
      await writeFile(join(place, 'vmlinuz'), noise(50_000))
      await writeFile(join(place, 'disk.raw'), noise(90_000, 3))
      const text =
        'kernel:\n  file: vmlinuz\n  args: quiet\ndisks:\n  - file: disk.raw\nannotations:\n  a: b\n'
      const file = parseBuildFile(text, join(place, 'ovm.yaml'))
      pair.push((await build(file, lease, { name: 'demo', version: '1', created })).root.digest)
    }
    assert.equal(pair[0], pair[1])
    digests.push(pair[0])
  }
  assert.notEqual(digests[0], digests[1])
})

test('512 MiB pass through put, push and pull in less than 100 MiB of memory', async () => {
  await using folder = await temporaryFolder()
  const { code, stdout, stderr } = await runChild('memory', [folder.path, `${512 * MIB}`])
  assert.equal(code, 0, stderr)
  const grown = JSON.parse(stdout) as Record<string, number>
  for (const [what, bytes] of Object.entries(grown))
    assert.ok(bytes < 100 * MIB, `${what} took ${Math.round(bytes / MIB)} MiB more`)
})

async function sizesOf(path: string): Promise<{ size: number; isSparse: boolean }> {
  const { size, blocks } = await stat(path)
  return { size, isSparse: blocks * 512 < 2 * MIB }
}

/** 64 MiB with a few kilobytes at the start, in the middle and at the end. */
async function writeSparse(path: string): Promise<void> {
  await using file = await open(path, 'w')
  for (const at of [0, 30 * MIB + 4096, 64 * MIB - 8192]) await file.write(noise(8192), 0, 8192, at)
}
