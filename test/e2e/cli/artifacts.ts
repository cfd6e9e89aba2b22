import { writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { createQcow2 } from '../../../src/block/qcow2/create.ts'
import { noise } from '../../support/blobs.ts'
import type { OvmHome } from '../../support/ovm.ts'

/** Tests of one file at once: each has a home of its own, so only the processors are shared. */
export const AT_ONCE = availableParallelism()

const MIB = 2 ** 20

/** Files that an artifact can be built of: nothing boots them. */
export async function writeParts(home: OvmHome): Promise<void> {
  await writeFile(home.path('kernel'), noise(200_000, 1))
  await writeFile(home.path('initrd'), noise(100_000, 2))
  await writeFile(home.path('disk.raw'), noise(MIB, 3))
  await createQcow2(home.path('top.qcow2'), MIB)
}

/** Builds the artifact of kernel, initrd and one disk. @returns its digest */
export async function buildSample(home: OvmHome, name: string): Promise<string> {
  await writeParts(home)
  const parts = ['--kernel', 'kernel', '--initrd', 'initrd', '--disk', 'disk.raw', '--args', 'console=ttyS0']
  return (await home.json('build', '-t', name, ...parts)).digest
}
