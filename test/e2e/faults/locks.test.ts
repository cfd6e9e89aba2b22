import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { lockFile } from '../../../src/base/file-lock.ts'
import { runChild, startChild } from '../../support/children.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { failureOf, refused } from '../../support/refusals.ts'
import { newStore } from '../../support/stores.ts'

test('a lock of another process holds, and the kernel gives it back when that is killed', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'lock')
  const holder = startChild('hold', [path])
  if (holder.process.stdout) await once(holder.process.stdout, 'data')
  await refused(lockFile(path, { timeoutMs: 100 }), 'in-use')
  holder.process.kill('SIGKILL')
  await holder.result
  await using _lock = await lockFile(path, { timeoutMs: 100 })
})

test('processes that lock before they count lose no count', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'count')
  await writeFile(file, '0')
  const args = [join(folder.path, 'lock'), file, '20']
  for (const { code, stderr } of await Promise.all([1, 2, 3].map(() => runChild('count', args))))
    assert.equal(code, 0, stderr)
  assert.equal(await readFile(file, 'utf8'), '60')
})

test('garbage collection waits for a name that another process is giving', async () => {
  await using local = await newStore()
  const holder = startChild('hold', [local.store.paths.collectLock])
  if (holder.process.stdout) await once(holder.process.stdout, 'data')
  const signal = AbortSignal.timeout(200)
  assert.equal(await failureOf(local.store.collect({ signal })), signal.reason)
  holder.process.kill('SIGKILL')
  await holder.result
  await local.store.collect()
})
