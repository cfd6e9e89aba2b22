import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { command } from '../command.ts'

export interface OverlayPaths {
  /** Raw images of the same size: what `base.qcow2` holds, and what the two layers together shall hold. */
  readonly base: string
  readonly top: string
  readonly work: string
  /** The folder of `base.qcow2`, where `top.qcow2` is written. */
  readonly target: string
}

/** `qemu-img convert -B` would copy every cluster that is not empty; a layer holds only what it changes. */
export async function writeOverlay({ base, top, work, target }: OverlayPaths, signal?: AbortSignal) {
  const [below, wanted] = await Promise.all([readFile(base), readFile(top)])
  const writes = changedClusters(below, wanted).map(async (offset) => {
    const piece = join(work, `cluster-${offset}`)
    await writeFile(piece, wanted.subarray(offset, offset + CLUSTER_BYTES))
    return ['-c', `write -s ${piece} ${offset} ${CLUSTER_BYTES}`]
  })
  const create = ['create', '-q', '-f', 'qcow2', '-b', 'base.qcow2', '-F', 'qcow2', 'top.qcow2']
  await command('qemu-img', create, { cwd: target, signal })
  const writeAll = (await Promise.all(writes)).flat()
  await command('qemu-io', ['-f', 'qcow2', ...writeAll, 'top.qcow2'], { cwd: target, signal })
  const compare = ['compare', '-f', 'raw', '-F', 'qcow2', top, 'top.qcow2']
  await command('qemu-img', compare, { cwd: target, signal })
}

/** The default of qcow2. */
const CLUSTER_BYTES = 64 * 1024

function changedClusters(below: Buffer, wanted: Buffer) {
  const count = Math.ceil(wanted.length / CLUSTER_BYTES)
  return Array.from({ length: count }, (_, index) => index * CLUSTER_BYTES).filter((offset) => {
    const end = offset + CLUSTER_BYTES
    return !below.subarray(offset, end).equals(wanted.subarray(offset, end))
  })
}
