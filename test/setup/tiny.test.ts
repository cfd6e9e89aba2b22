import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempDisposable, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { command } from '../../scripts/command.ts'
import { buildTinyGuest } from '../../scripts/guest/tiny.ts'

test('the tiny guest built twice is the same, byte for byte', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'ovms-test-'))
  const [one, other] = ['one', 'other'].map((name) => join(folder.path, name)) as [string, string]
  assert.equal((await buildTinyGuest({ directory: one })).built, true)
  await buildTinyGuest({ directory: other })
  assert.deepEqual(await digests(one), await digests(other))
  assert.equal((await buildTinyGuest({ directory: other })).built, false)
})

test('the second layer of the tiny guest holds only what it changes, over a named base', async () => {
  const { directory } = await buildTinyGuest()
  const info = JSON.parse(await command('qemu-img', ['info', '--output=json', join(directory, 'top.qcow2')]))
  assert.equal(info['backing-filename'], 'base.qcow2')
  const map = JSON.parse(await command('qemu-img', ['map', '--output=json', join(directory, 'top.qcow2')]))
  const own = (map as { depth: number; data: boolean }[]).filter(
    (extent) => extent.depth === 0 && extent.data,
  )
  assert.equal(own.length, 2)
})

test('a build that is interrupted leaves nothing behind', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'ovms-test-'))
  const stop = new AbortController()
  const building = buildTinyGuest({ directory: join(folder.path, 'out'), signal: stop.signal })
  void somethingIn(folder.path).then(() => stop.abort())
  await assert.rejects(building, { name: 'AbortError' })
  assert.deepEqual(await readdir(folder.path), [])
})

async function somethingIn(folder: string) {
  while ((await readdir(folder)).length === 0) await setTimeout(5)
}

async function digests(directory: string) {
  const names = await readdir(directory)
  const each = names.sort().map(async (name) => {
    const bytes = await readFile(join(directory, name))
    return [name, createHash('sha256').update(bytes).digest('hex')]
  })
  return Promise.all(each)
}
