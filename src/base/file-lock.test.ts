import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../test/support/folders.ts'
import { failureOf, refused } from '../../test/support/refusals.ts'
import { createHeld, lockFile, openHeld, removeUnheld } from './file-lock.ts'

test('a lock is held against this process too, until it is disposed of', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'lock')
  const lock = await lockFile(path)
  await refused(lockFile(path, { timeoutMs: 20 }), 'in-use')
  await lock[Symbol.asyncDispose]()
  await using _again = await lockFile(path, { timeoutMs: 20 })
})

test('several share a lock, and keep out whoever wants it alone', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'lock')
  const first = await lockFile(path, { shared: true })
  const second = await lockFile(path, { shared: true, timeoutMs: 20 })
  await refused(lockFile(path, { timeoutMs: 20 }), 'in-use')
  await first[Symbol.asyncDispose]()
  await second[Symbol.asyncDispose]()
  await using _alone = await lockFile(path, { timeoutMs: 20 })
  await refused(lockFile(path, { shared: true, timeoutMs: 20 }), 'in-use')
})

test('waiting for a lock ends with the reason of the signal', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'lock')
  await using _lock = await lockFile(path)
  const controller = new AbortController()
  const reason = new Error('enough')
  const waiting = failureOf(lockFile(path, controller))
  controller.abort(reason)
  assert.equal(await waiting, reason)
})

test('only one of many gets in at a time', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'lock')
  let inside = 0
  const visit = async () => {
    await using _lock = await lockFile(path)
    assert.equal(++inside, 1)
    await new Promise((resolve) => setImmediate(resolve))
    inside--
  }
  await Promise.all(Array.from({ length: 10 }, visit))
})

test('a file that is held cannot be taken away, one that nobody holds can', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'file')
  const file = await createHeld(path)
  assert.equal(await openHeld(path), undefined)
  assert.equal(await removeUnheld(path), false)
  await file.close()
  assert.equal(await removeUnheld(path, { dryRun: true }), true)
  assert.ok(existsSync(path))
  assert.equal(await removeUnheld(path), true)
  assert.ok(!existsSync(path))
})

test('whoever makes files keeps them, however busily another one removes', async () => {
  await using folder = await temporaryFolder()
  let isDone = false
  const removing = (async () => {
    for (let index = 0; !isDone; index = (index + 1) % 40) await removeUnheld(join(folder.path, `${index}`))
  })()
  try {
    for (let count = 0; count < 200; count++) {
      const path = join(folder.path, `${count % 40}`)
      await using _file = await createHeld(path)
      await Promise.resolve()
      assert.ok(existsSync(path))
    }
  } finally {
    isDone = true
    await removing
  }
})
