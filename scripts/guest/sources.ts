import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { projectFolder } from '../folders.ts'
import { findCommand } from '../setup/look.js'
import type { DiskParts } from './disks.ts'
import type { InitrdParts } from './initrd.ts'
import type { GuestKernel } from './kernel.ts'

/** All that goes into the tiny guest, as paths. */
export interface Sources extends InitrdParts {
  readonly kernel: string
  readonly layers: DiskParts
}

export async function sourcesOf({ kernel, modules }: GuestKernel): Promise<Sources> {
  const busybox = findCommand('busybox')
  if (busybox === undefined) throw new Error('busybox is not installed; `npm run setup` installs it')
  const layers = { base: join(example, 'layers/base'), top: join(example, 'layers/top') }
  return { kernel, modules, busybox, init: join(example, 'init'), layers }
}

const example = join(projectFolder, 'examples/tiny')

/** Changes when any byte of the sources changes, or the code that puts them together. */
export async function stampOf({ kernel, modules, busybox, init, layers }: Sources) {
  const folders = [layers.base, layers.top, import.meta.dirname]
  const listed = await Promise.all(folders.map(filesOf))
  const hash = createHash('sha256')
  for (const path of [kernel, busybox, init, ...modules, ...listed.flat()]) {
    hash.update(`${basename(path)}\n`).update(await readFile(path))
  }
  return `${hash.digest('hex')}\n`
}

async function filesOf(folder: string) {
  const names = await readdir(folder)
  return names.sort().map((name) => join(folder, name))
}
