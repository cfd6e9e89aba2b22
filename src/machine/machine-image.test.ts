import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../test/support/folders.ts'
import { createQcow2 } from '../block/qcow2/create.ts'
import type { Digest } from '../model/digest.ts'
import { inspectFiles, type MachineImage } from './machine-image.ts'

const VIRTUAL_BYTES = 16 * 2 ** 20

for (const [what, size, isRefused] of [
  ["the blob's", 262_144, false],
  ["the disk's", VIRTUAL_BYTES, false],
  ['neither', 12_345, true],
] as const) {
  test(`a layer whose size is ${what} is ${isRefused ? 'refused' : 'taken'}`, async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'disk')
    await createQcow2(path, VIRTUAL_BYTES)
    const disk = { digest: 'sha256:0' as Digest, format: 'qcow2', blobSize: 262_144, size }
    const work = inspectFiles({ disks: [disk] } as unknown as MachineImage, {
      pathOf: () => path,
      hold: async () => {},
      release: async () => {},
    })
    if (isRefused) await assert.rejects(work, { code: 'artifact-invalid', actual: size })
    else assert.equal((await work).disks[0]?.virtualSize, VIRTUAL_BYTES)
  })
}
