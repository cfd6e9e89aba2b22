import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endDaemon, ovm } from '../scripts/demo/ovm.ts'
import { projectFolder } from '../scripts/folders.ts'
import { buildTinyGuest } from '../scripts/guest/tiny.ts'
import { createQcow2 } from '../src/block/qcow2/create.ts'
import { formatTable } from '../src/cli/print/table.ts'
import { median } from './statistics.ts'

const PAIRS = 15
const NAME = 'bench/tiny:1'
const KERNEL_ARGUMENTS = 'console=ttyS0 panic=-1'

/** Bytes a guest of the example sees: the overlay of the bare QEMU must be as large. */
const DISK_BYTES = 32 * 2 ** 20

/**
 * `ovm run`, with its daemon up and the artifact here, against QEMU started by hand with the same devices, in turns:
 * time from the command to the first byte on the console. What differs is ours.
 */
export async function run(): Promise<void> {
  const { directory } = await buildTinyGuest()
  const folder = await mkdtemp(join(tmpdir(), 'ovms-bench-'))
  const home = join(folder, 'home')
  try {
    await ovm(home, ['build', '-f', join(projectFolder, 'examples/tiny/ovm.yaml'), '-t', NAME])
    await ovm(home, ['ps'])
    const pairs: { ours: number; bare: number }[] = []
    for (let pair = 0; pair < PAIRS; pair++) {
      // The order alternates, so that neither always finds the caches the other warmed.
      const first = pair % 2 === 0 ? await runOvm(home) : await runBare(directory, folder)
      const second = pair % 2 === 0 ? await runBare(directory, folder) : await runOvm(home)
      pairs.push(pair % 2 === 0 ? { ours: first, bare: second } : { ours: second, bare: first })
      process.stderr.write('.')
    }
    report(pairs)
  } finally {
    await endDaemon(home)
    await rm(folder, { recursive: true, force: true })
  }
}

function runOvm(home: string): Promise<number> {
  const words = [
    join(projectFolder, 'dist/ovm.js'),
    'run',
    NAME,
    '--rm',
    '--accel',
    'tcg',
    '--memory',
    '256M',
    '--args',
    KERNEL_ARGUMENTS,
  ]
  return firstByte(process.execPath, words, { OVM_HOME: home, OVM_SOCKET: '' })
}

async function runBare(guest: string, folder: string): Promise<number> {
  const overlay = join(folder, 'overlay.qcow2')
  await rm(overlay, { force: true })
  await createQcow2(overlay, DISK_BYTES)
  const file = (name: string, path: string, readOnly: boolean) =>
    JSON.stringify({ driver: 'file', 'node-name': name, filename: path, 'read-only': readOnly })
  const layer = (name: string, below: string | null, readOnly: boolean) =>
    JSON.stringify({
      driver: 'qcow2',
      'node-name': name,
      file: `${name}-file`,
      backing: below,
      'read-only': readOnly,
    })
  const words = [
    ...[
      '-M',
      'q35',
      '-accel',
      'tcg',
      '-cpu',
      'max',
      '-m',
      '256M',
      '-smp',
      '1',
      '-nodefaults',
      '-no-user-config',
      '-display',
      'none',
    ],
    ...['-kernel', join(guest, 'kernel'), '-initrd', join(guest, 'initrd'), '-append', KERNEL_ARGUMENTS],
    ...[
      '-blockdev',
      file('base-file', join(guest, 'base.qcow2'), true),
      '-blockdev',
      layer('base', null, true),
    ],
    ...[
      '-blockdev',
      file('top-file', join(guest, 'top.qcow2'), true),
      '-blockdev',
      layer('top', 'base', true),
    ],
    ...['-blockdev', file('over-file', overlay, false), '-blockdev', layer('over', 'top', false)],
    ...['-device', 'virtio-blk-pci,drive=over', '-device', 'virtio-rng-pci'],
    ...['-chardev', 'stdio,id=console', '-serial', 'chardev:console'],
  ]
  return firstByte('qemu-system-x86_64', words, {})
}

/** @returns milliseconds until the command prints its first byte; it then runs to its end */
async function firstByte(
  command: string,
  words: readonly string[],
  env: Record<string, string>,
): Promise<number> {
  const started = performance.now()
  const child = spawn(command, words, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close')
  await once(child.stdout, 'data')
  const ms = performance.now() - started
  child.stdout.resume()
  const [code] = await closed
  if (code !== 0) throw new Error(`${command} ended with status ${code}`)
  return ms
}

function report(pairs: readonly { readonly ours: number; readonly bare: number }[]): void {
  const differences = pairs.map(({ ours, bare }) => ours - bare)
  const rows = [
    ['qemu by hand', median(pairs.map(({ bare }) => bare)).toFixed(0)],
    ['ovm run', median(pairs.map(({ ours }) => ours)).toFixed(0)],
    ['difference', median(differences).toFixed(0)],
  ]
  console.log(
    `\n${formatTable([{ title: `MEDIAN OF ${pairs.length} PAIRS` }, { title: 'MS TO FIRST CONSOLE BYTE', align: 'right' }], rows)}`,
  )
  console.log(`differences: ${differences.map((ms) => ms.toFixed(0)).join(' ')}`)
}
