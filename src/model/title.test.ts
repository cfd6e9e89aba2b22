import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { filesBelow, temporaryFolder } from '../../test/support/folders.ts'
import { onlyRefuses } from '../../test/support/refusals.ts'
import { runVectors, textOf } from '../../test/support/vectors.ts'
import { parseTitle } from './title.ts'

runVectors('descriptors/titles', (vector) => parseTitle(textOf(vector)))

test('whatever the text is, it is a title or refused', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => onlyRefuses(() => parseTitle(text))))
})

test('every title can be a file of the folder it is put into, and is one', async () => {
  const units = fc.constantFrom(...'abc.-_ €ж🙂\\/\0\n')
  const texts = fc.sample(fc.oneof(fc.string(), fc.string({ unit: units, maxLength: 300 })), 200)
  for (const text of new Set(texts)) {
    try {
      parseTitle(text)
    } catch {
      continue
    }
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, text), '')
    assert.deepEqual(await filesBelow(folder.path), [text])
  }
})
