import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Signalled } from '../../../base/signal.ts'
import type { Accelerator } from '../../../machine/plan.ts'
import { PROBE_CODE } from './probe-rom.bytes.ts'
import type { ProbeRun } from './verdict.ts'

/** A ROM must fill a whole bank of 64 KiB; the processor begins 16 bytes before its end. */
const ROM_BYTES = 64 * 1024

/** What the guest gets to do 50 million steps and end, with the start of QEMU: ten times what a working KVM takes. */
export const PROBE_LIMIT_MS = 2000

/** Output kept, in bytes: enough for what QEMU says before it dumps registers. */
const MAX_OUTPUT_BYTES = 64 * 1024

export interface ProbeOptions extends Signalled {
  readonly limitMs?: number
  /** For its standard input. */
  readonly input?: string
  /** Where a core file would be left, should QEMU crash. */
  readonly cwd?: string
}

/** Runs the probe guest on an accelerator and tells what was seen. */
export async function runProbe(
  binary: string,
  accelerator: Accelerator,
  options: ProbeOptions = {},
): Promise<ProbeRun> {
  const folder = await mkdtemp(join(tmpdir(), 'ovms-probe-'))
  try {
    const rom = join(folder, 'probe.rom')
    await writeFile(rom, Buffer.concat([Buffer.alloc(ROM_BYTES - PROBE_CODE.length), PROBE_CODE]))
    return await run(binary, probeArguments(accelerator, rom), { ...options, cwd: folder })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The guest ends QEMU through isa-debug-exit; an exception in it resets the machine, which ends QEMU too. */
function probeArguments(accelerator: Accelerator, rom: string): string[] {
  return [
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-machine', 'q35', '-accel', accelerator, '-cpu', accelerator === 'tcg' ? 'max' : 'host', '-m', '16'],
    ...['-bios', rom, '-device', 'isa-debug-exit,iobase=0xf4,iosize=1'],
    ...['-chardev', 'stdio,id=stages,signal=off', '-device', 'isa-debugcon,iobase=0xe9,chardev=stages'],
  ]
}

/** Runs a program to its end or the limit. It is ended early when it says that it cannot go on. */
export async function run(
  binary: string,
  text: readonly string[],
  { limitMs = PROBE_LIMIT_MS, input = '', cwd = tmpdir(), signal }: ProbeOptions = {},
): Promise<ProbeRun> {
  signal?.throwIfAborted()
  const begun = performance.now()
  const child = spawn(binary, text, {
    cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
  })
  const output = { stages: '', words: '' }
  let isOver = false
  const timer = setTimeout(() => {
    isOver = true
    child.kill('SIGKILL')
  }, limitMs)
  const onAbort = () => child.kill('SIGKILL')
  signal?.addEventListener('abort', onAbort, { once: true })
  child.stdout.on('data', (bytes: Buffer) => {
    output.stages = (output.stages + bytes.toString('latin1')).slice(0, MAX_OUTPUT_BYTES)
  })
  child.stderr.on('data', (bytes: Buffer) => {
    output.words = (output.words + bytes.toString('latin1')).slice(0, MAX_OUTPUT_BYTES)
    if (output.words.includes('KVM internal error')) child.kill('SIGKILL')
  })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  try {
    const [code, killedBy] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
    signal?.throwIfAborted()
    return { ...output, code, killedBy, isOver, ms: Math.round(performance.now() - begun) }
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}
