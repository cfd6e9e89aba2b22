import assert from 'node:assert/strict'
import { open, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { noise } from '../../test/support/blobs.ts'
import { temporaryFolder } from '../../test/support/folders.ts'
import { SparseWriter } from './sparse-writer.ts'

const chunk = fc
  .tuple(fc.constantFrom('zeros', 'noise', 'mixed'), fc.integer({ min: 0, max: 200_000 }))
  .map(([kind, size]) => {
    const bytes = kind === 'zeros' ? Buffer.alloc(size) : noise(size, size % 251)
    return kind === 'mixed' ? bytes.fill(0, Math.floor(size / 3)) : bytes
  })

test('whatever the pieces are, the file is what was written', async () => {
  await using folder = await temporaryFolder()
  let count = 0
  await fc.assert(
    fc.asyncProperty(fc.array(chunk, { maxLength: 12 }), async (chunks) => {
      const path = join(folder.path, `${count++}`)
      await write(path, chunks)
      assert.ok((await readFile(path)).equals(Buffer.concat(chunks)))
    }),
    { numRuns: 40 },
  )
})

test('zeros take no room on the disk', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'sparse')
  await write(path, [noise(4096), Buffer.alloc(8 * 1024 * 1024), noise(4096), Buffer.alloc(1024 * 1024)])
  const { size, blocks } = await stat(path)
  assert.equal(size, 9 * 1024 * 1024 + 8192)
  assert.ok(blocks * 512 < 512 * 1024, `${blocks * 512} bytes are allocated`)
})

test('writing goes on at an offset', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'file')
  const bytes = noise(100_000)
  await write(path, [bytes.subarray(0, 30_000)])
  await using file = await open(path, 'r+')
  const writer = new SparseWriter(file, 30_000)
  await writer.write(bytes.subarray(30_000))
  await writer.finish()
  assert.ok((await readFile(path)).equals(bytes))
})

async function write(path: string, chunks: readonly Uint8Array[]): Promise<void> {
  await using file = await open(path, 'w')
  const writer = new SparseWriter(file)
  for (const each of chunks) await writer.write(each)
  await writer.finish()
}
