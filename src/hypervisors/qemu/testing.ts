import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MachinePlan } from '../../machine/plan.ts'
import { TEST_GUEST } from './test-guest.bytes.ts'

/** Why tests that run machines cannot run here; false when they can. */
export const qemuSkip: string | false =
  process.arch !== 'x64'
    ? 'the guests of these tests are for x86_64'
    : isThere('qemu-system-x86_64')
      ? false
      : 'qemu-system-x86_64 is not installed'

/** Why guests cannot be assembled again here. */
export const assemblerSkip: string | false =
  process.arch === 'x64' && ['as', 'ld', 'objcopy'].every(isThere)
    ? false
    : 'GNU as, ld and objcopy for x86 are not installed'

/** Assembles a guest: as `flat` bytes of its code, or as the ELF file that a boot loader takes. */
export function assemble(
  source: string,
  { bits, at, form }: { bits: 32 | 64; at: string; form: 'flat' | 'elf' },
): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'ovms-assemble-'))
  const [object, elf, flat] = ['guest.o', 'guest.elf', 'guest.flat'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  try {
    execFileSync('as', [`--${bits}`, source, '-o', object])
    const emulation = bits === 64 ? 'elf_x86_64' : 'elf_i386'
    execFileSync('ld', ['-m', emulation, '-N', '-s', '-e', 'start', `-Ttext=${at}`, object, '-o', elf], {
      stdio: 'pipe',
    })
    if (form === 'elf') return readFileSync(elf)
    execFileSync('objcopy', ['-O', 'binary', '-j', '.text', elf, flat])
    return readFileSync(flat)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What a guest of `test-guest.S` does after it has written its arguments. */
export type TestGuestMode = 'off' | 'button' | 'deaf' | 'reboot'

/** The plan of a test guest, emulated: its kernel is written into `folder`. */
export function testGuestPlan(
  folder: string,
  mode: TestGuestMode,
  change: Partial<MachinePlan> = {},
): MachinePlan {
  const path = join(folder, 'test-guest.elf')
  writeFileSync(path, TEST_GUEST)
  return {
    architecture: 'x86_64',
    acceleration: 'tcg',
    cpus: 1,
    memoryMib: 64,
    kernel: { path, arguments: `mode=${mode} hello` },
    devices: [],
    ports: [],
    mac: '52:54:00:00:00:01',
    ...change,
  }
}

function isThere(command: string): boolean {
  try {
    execFileSync('which', [command], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
