import { copyFile, readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { command } from '../command.ts'
import { writeOverlay } from './overlay.ts'

export interface DiskParts {
  /** Folders of plain files: those of the bottom layer, and those that the layer above it replaces. */
  readonly base: string
  readonly top: string
}

/** Writes `base.qcow2` and `top.qcow2` into `target`; `work` is a folder for the raw images. */
export async function buildDisks(parts: DiskParts, work: string, target: string, signal?: AbortSignal) {
  const base = join(work, 'base.raw')
  const top = join(work, 'top.raw')
  await makeFileSystem(base, signal)
  await putFiles(parts.base, base, signal)
  await copyFile(base, top)
  await putFiles(parts.top, top, signal)
  await writeBottom(base, target, signal)
  await writeOverlay({ base, top, work, target }, signal)
}

const DISK_BYTES = 32 * 1024 * 1024

/** What mkfs.ext4 would draw at random or read from the clock; fixed, so that the bytes never vary. */
const FIXED_ID = '6f766d73-7469-4e79-8469-736b00000001'
const fixedClock = { E2FSPROGS_FAKE_TIME: '1767225600' } // seconds: 2026-01-01T00:00:00Z

async function makeFileSystem(image: string, signal?: AbortSignal) {
  await writeFile(image, '')
  await truncate(image, DISK_BYTES)
  const fixed = ['-U', FIXED_ID, '-E', `hash_seed=${FIXED_ID},root_owner=0:0,lazy_itable_init=0`]
  await command('mkfs.ext4', ['-q', '-F', '-L', 'ovms-tiny', ...fixed, image], { env: fixedClock, signal })
}

/**
 * debugfs, and not `mkfs.ext4 -d`, because that one copies the change times and owners of this machine,
 * in the order in which this machine's folder happens to list them.
 */
async function putFiles(folder: string, image: string, signal?: AbortSignal) {
  const names = (await readdir(folder)).sort()
  const input = names.flatMap(putCommands).join('\n')
  await command('debugfs', ['-w', '-f', '-', image], { cwd: folder, env: fixedClock, input, signal })
  for (const name of names) await expectFile(image, name, await readFile(join(folder, name), 'utf8'), signal)
}

function putCommands(name: string) {
  const fields = ['mode 0100644', 'uid 0', 'gid 0']
  return [`rm /${name}`, `write ${name} /${name}`, ...fields.map((field) => `sif /${name} ${field}`)]
}

/** debugfs ends with status 0 whatever happened. */
async function expectFile(image: string, name: string, wanted: string, signal?: AbortSignal) {
  const found = await command('debugfs', ['-R', `cat /${name}`, image], { signal })
  if (found !== wanted) throw new Error(`debugfs did not write ${name} into ${image}: "${found}"`)
}

/** One coroutine, so that clusters are laid down in the order of the disk. */
async function writeBottom(raw: string, target: string, signal?: AbortSignal) {
  await command('qemu-img', ['convert', '-m', '1', '-O', 'qcow2', raw, 'base.qcow2'], { cwd: target, signal })
}
