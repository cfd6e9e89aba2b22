import assert from 'node:assert/strict'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { filesBelow, temporaryFolder } from '../../test/support/folders.ts'
import { refused } from '../../test/support/refusals.ts'
import { OvmsError } from './error.ts'
import { readTextOrNothing, replaceFile, statOrNothing, storeError } from './files.ts'

test('a file is replaced as a whole, with the mode asked for', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'file')
  await writeFile(path, 'a longer text that was there before')
  await replaceFile(path, 'new', 0o600)
  assert.equal(await readFile(path, 'utf8'), 'new')
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.deepEqual(await filesBelow(folder.path), ['file'])
})

test('readers see the old or the new text while many write', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'file')
  const texts = Array.from({ length: 8 }, (_, index) => `${index}`.repeat(50_000))
  await replaceFile(path, texts[0] ?? '')
  const writing = Promise.all(texts.map((text) => replaceFile(path, text)))
  for (let count = 0; count < 30; count++) assert.ok(texts.includes(await readFile(path, 'utf8')))
  await writing
  assert.deepEqual(await filesBelow(folder.path), ['file'])
})

test('a file that cannot be replaced leaves nothing beside it', async () => {
  await using folder = await temporaryFolder()
  await mkdir(join(folder.path, 'taken'))
  await writeFile(join(folder.path, 'taken', 'child'), '')
  await refused(replaceFile(join(folder.path, 'taken'), 'text'), 'store-failed')
  await refused(replaceFile(join(folder.path, 'missing', 'file'), 'text'), 'store-failed')
  assert.deepEqual(await filesBelow(folder.path), ['taken/child'])
})

test('what is not there is nothing, what cannot be read is an error', async () => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'file'), 'text')
  assert.equal(await readTextOrNothing(join(folder.path, 'file')), 'text')
  assert.equal(await readTextOrNothing(join(folder.path, 'missing')), undefined)
  assert.equal(await statOrNothing(join(folder.path, 'missing')), undefined)
  assert.equal(await statOrNothing(join(folder.path, 'file', 'below')), undefined)
  await assert.rejects(readTextOrNothing(folder.path), { code: 'EISDIR' })
})

test('errors of the system become errors of the store, ours stay what they are', () => {
  const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' })
  const denied = Object.assign(new Error('permission denied'), { code: 'EACCES' })
  const ours = new OvmsError('size-mismatch', 'short')
  const codeOf = (error: unknown) => (error instanceof OvmsError ? error.code : error)
  assert.equal(codeOf(storeError(full, '/x')), 'store-full')
  assert.equal(codeOf(storeError(denied, '/x')), 'store-failed')
  assert.equal(storeError(ours, '/x'), ours)
})
