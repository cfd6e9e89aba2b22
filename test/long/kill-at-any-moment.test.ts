import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ovm, PROGRAM, serveRegistry } from '../../scripts/demo/ovm.ts'
import { projectFolder } from '../../scripts/folders.ts'
import { buildTinyGuest } from '../../scripts/guest/tiny.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/folders.ts'
import { requireHonest } from '../support/whole.ts'

const KILLS = 40

/** Longest delay before a kill, ms: about what the command takes when nobody kills it. */
const LONGEST_MS = 450

let folder: TemporaryFolder

before(async () => {
  folder = await temporaryFolder()
  await buildTinyGuest()
})

after(() => folder[Symbol.asyncDispose]())

test(`${KILLS} pulls killed at any moment leave nothing wrong, and the last one gets through`, async () => {
  await using registry = await serveRegistry(join(folder.path, 'registry'))
  const name = `${registry.address}/demo/tiny:1`
  const publisher = join(folder.path, 'publisher')
  await ovm(publisher, ['build', '-f', join(projectFolder, 'examples/tiny/ovm.yaml'), '-t', name])
  await ovm(publisher, ['push', name])
  const home = join(folder.path, 'home')
  for (let kill = 0; kill < KILLS; kill++) {
    await ovm(home, ['ls'])
    await runAndKill(home, ['pull', name], Math.random() * LONGEST_MS)
    await requireHonest(home)
    if (kill % 5 === 4) await ovm(home, ['prune'])
    // Begin anew now and then, so that all stages of a pull are hit.
    if (kill % 10 === 9) await rm(home, { recursive: true, force: true })
  }
  await ovm(home, ['pull', name])
  const { valid } = await ovm(home, ['validate', name])
  assert.equal(valid, true)
  assert.deepEqual(await readdir(join(home, 'ingest')), [])
})

test(`${KILLS} builds killed at any moment leave nothing that prune does not clear`, async () => {
  const home = join(folder.path, 'builder')
  const words = ['build', '-f', join(projectFolder, 'examples/tiny/ovm.yaml'), '-t', 'tiny:1']
  for (let kill = 0; kill < KILLS; kill++) {
    await ovm(home, ['ls'])
    await runAndKill(home, words, Math.random() * LONGEST_MS)
    await requireHonest(home)
    for (const { name } of await ovm(home, ['ls'])) {
      assert.equal((await ovm(home, ['validate', name])).valid, true)
      await ovm(home, ['rmi', name])
    }
    await ovm(home, ['prune'])
    assert.deepEqual(await readdir(join(home, 'ingest')), [])
    assert.deepEqual(
      (await readdir(join(home, 'blobs'), { recursive: true })).filter((file) => file.includes('/')),
      [],
    )
  }
  await ovm(home, words)
})

async function runAndKill(home: string, words: readonly string[], afterMs: number): Promise<void> {
  const child = spawn(PROGRAM, words, { env: { ...process.env, OVM_HOME: home }, stdio: 'ignore' })
  const timer = setTimeout(() => child.kill('SIGKILL'), afterMs)
  await once(child, 'close')
  clearTimeout(timer)
}
