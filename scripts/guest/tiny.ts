import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { projectFolder, replaceFolder, unlessAbsent } from '../folders.ts'
import { buildDisks } from './disks.ts'
import { buildInitrd } from './initrd.ts'
import { guestKernel } from './kernel.ts'
import { type Sources, sourcesOf, stampOf } from './sources.ts'

export interface TinyGuest {
  /** Holds `kernel`, `initrd`, `base.qcow2` and `top.qcow2`. */
  readonly directory: string
  readonly kernelVersion: string
  /** False when what was there already fitted its sources. */
  readonly built: boolean
}

export interface TinyOptions {
  readonly directory?: string
  readonly signal?: AbortSignal
}

/** The smallest Linux that shows what an artifact can hold; the same sources give the same bytes. */
export async function buildTinyGuest(options: TinyOptions = {}): Promise<TinyGuest> {
  const { directory = join(projectFolder, 'examples/tiny/out'), signal } = options
  const kernel = await guestKernel(signal)
  const sources = await sourcesOf(kernel)
  const stamp = await stampOf(sources)
  const built = (await readFile(join(directory, STAMP), 'utf8').catch(unlessAbsent)) !== stamp
  if (built) await replaceFolder(directory, (folder) => fill(folder, sources, stamp, signal))
  return { directory, kernelVersion: kernel.version, built }
}

const STAMP = 'sources.sha256'

async function fill(folder: string, sources: Sources, stamp: string, signal?: AbortSignal) {
  const work = await mkdtemp(join(tmpdir(), 'ovms-tiny-'))
  try {
    await copyFile(sources.kernel, join(folder, 'kernel'))
    await buildInitrd(sources, join(work, 'initrd'), join(folder, 'initrd'), signal)
    await buildDisks(sources.layers, work, folder, signal)
    await writeFile(join(folder, STAMP), stamp)
  } finally {
    await rm(work, { recursive: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { directory, kernelVersion, built } = await buildTinyGuest()
  console.log(`${directory} ${built ? 'built' : 'is up to date'} (Linux ${kernelVersion})`)
}
