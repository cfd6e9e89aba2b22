import { deepEqual } from 'node:assert/strict'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../test/support/folders.ts'
import { digestOf, hexOf } from '../model/digest.ts'
import { locateBlobs } from './unpacked-files.ts'

const [one, two] = [Buffer.from('one'), Buffer.from('two')]
const [first, second] = [digestOf(one), digestOf(two, 'sha512')]

test('A blob is found by its digest, in blobs/ or beside the manifest under any name', async () => {
  await using folder = await temporaryFolder()
  const named = join(folder.path, 'blobs', `sha256-${hexOf(first)}`)
  await mkdir(join(folder.path, 'blobs'))
  await writeFile(named, one)
  await writeFile(join(folder.path, 'same bytes'), one)
  await writeFile(join(folder.path, 'kernel'), two)
  const places = await locateBlobs(folder.path, [first, second])
  deepEqual(
    [...places],
    [
      [first, named],
      [second, join(folder.path, 'kernel')],
    ],
  )
})

test('A link beside the manifest is not followed', async () => {
  await using folder = await temporaryFolder()
  await using elsewhere = await temporaryFolder()
  await writeFile(join(elsewhere.path, 'one'), one)
  await symlink(join(elsewhere.path, 'one'), join(folder.path, 'kernel'))
  const places = await locateBlobs(folder.path, [first])
  deepEqual([...places.values()], [join(folder.path, 'blobs', `sha256-${hexOf(first)}`)])
})
