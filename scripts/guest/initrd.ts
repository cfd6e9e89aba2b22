import { chmod, copyFile, lutimes, mkdir, symlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { commandBytes } from '../command.ts'

export interface InitrdParts {
  readonly init: string
  readonly busybox: string
  readonly modules: readonly string[]
}

/** Packs a RAM disk; the same parts give the same bytes. The tree is laid out in `work`, a new folder. */
export async function buildInitrd(parts: InitrdParts, work: string, target: string, signal?: AbortSignal) {
  const tree = treeOf(parts)
  await mkdir(work)
  for (const entry of tree) await place(entry, work)
  for (const { path } of tree) await lutimes(join(work, path), 0, 0)
  const format = ['--create', '--format=newc', '--reproducible', '--owner=0:0', '--quiet']
  const input = tree.map((entry) => entry.path).join('\n')
  const archive = await commandBytes('cpio', format, { cwd: work, input, signal })
  await writeFile(target, gzipSync(archive, { level: 9 }))
}

type Entry =
  | { readonly is: 'folder'; readonly path: string }
  | { readonly is: 'file'; readonly path: string; readonly from: string; readonly mode: number }
  | { readonly is: 'text'; readonly path: string; readonly text: string }
  | { readonly is: 'link'; readonly path: string; readonly to: string }

/** In a fixed order, each folder before what lies in it. */
function treeOf({ init, busybox, modules }: InitrdParts): Entry[] {
  const folders = [
    'bin',
    'dev',
    'disk',
    'etc',
    'etc/acpi',
    'etc/acpi/PWRF',
    'modules',
    'proc',
    'sys',
    'var',
    'var/log',
    'var/run',
    'www',
  ]
  return [
    ...folders.map((path) => ({ is: 'folder', path }) as const),
    { is: 'file', path: 'init', from: init, mode: 0o755 },
    { is: 'file', path: 'bin/busybox', from: busybox, mode: 0o755 },
    { is: 'link', path: 'bin/sh', to: 'busybox' },
    ...modules.map((from) => ({ is: 'file', path: `modules/${basename(from)}`, from, mode: 0o644 }) as const),
    // The name busybox acpid gives to a press of the power button.
    { is: 'text', path: 'etc/acpi/PWRF/00000080', text: '#!/bin/sh\nexec /init power-button\n' },
    { is: 'text', path: 'www/index.html', text: 'hello from ovms\n' },
  ]
}

/** Modes are set by hand, because those of new files depend on the umask of whoever builds. */
async function place(entry: Entry, work: string) {
  const path = join(work, entry.path)
  if (entry.is === 'link') return symlink(entry.to, path)
  if (entry.is === 'folder') await mkdir(path)
  if (entry.is === 'file') await copyFile(entry.from, path)
  if (entry.is === 'text') await writeFile(path, entry.text)
  await chmod(path, entry.is === 'file' ? entry.mode : 0o755)
}
