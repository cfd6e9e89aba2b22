import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { messageOf, systemCode } from '../../../base/error.ts'
import { type Signalled, untilAborted } from '../../../base/signal.ts'
import type { Acceleration } from '../../../machine/hypervisor.ts'
import type { Accelerator } from '../../../machine/plan.ts'
import { sameArchitecture } from '../../../model/platform.ts'
import { RememberedVerdicts } from './remembered.ts'
import { run, runProbe } from './run-probe.ts'
import { type Verdict, verdictOf } from './verdict.ts'

/** What is probed. */
export interface Program {
  readonly binary: string
  readonly version: string
  /** Of its guests; the kernel's name. */
  readonly architecture: string
}

const TCG: Acceleration = { name: 'tcg', works: true, reason: 'QEMU emulates every instruction' }

/** Tells what makes machines fast here. Each accelerator is tried once per start of the host. */
export class AccelerationProbe {
  readonly #remembered: RememberedVerdicts
  /** Of this process; two starts at once share one try. */
  readonly #known = new Map<string, Promise<Verdict>>()

  constructor(cacheFolder: string) {
    this.#remembered = new RememberedVerdicts(cacheFolder)
  }

  /** Fastest first; TCG always works and comes last. */
  async accelerations(program: Program, options: Signalled = {}): Promise<Acceleration[]> {
    const native = nativeAccelerator(program.architecture)
    if (!native) return [TCG]
    return [{ name: native, ...(await this.#verdict(program, native, options)) }, TCG]
  }

  /** The try goes on when one who waits for it gives up: it is short, and others may wait too. */
  #verdict(program: Program, accelerator: Accelerator, options: Signalled): Promise<Verdict> {
    const key = `${program.binary} ${program.version} ${accelerator}`
    const asked = this.#known.get(key) ?? this.#ask(key, program, accelerator)
    this.#known.set(key, asked)
    asked.catch(() => this.#known.delete(key))
    return untilAborted(asked, options)
  }

  async #ask(key: string, program: Program, accelerator: Accelerator): Promise<Verdict> {
    const obstacle = accelerator === 'kvm' ? await kvmObstacle() : undefined
    if (obstacle !== undefined) return { works: false, reason: obstacle }
    const remembered = await this.#remembered.get(key)
    if (remembered) return remembered
    const verdict = await tryOut(program, accelerator)
    await this.#remembered.set(key, verdict)
    return verdict
  }
}

/** What this system has for guests of an architecture; nothing where it is not the host's own. */
function nativeAccelerator(architecture: string): Accelerator | undefined {
  if (!sameArchitecture(architecture, process.arch)) return undefined
  if (process.platform === 'linux') return 'kvm'
  return process.platform === 'darwin' ? 'hvf' : undefined
}

/** What keeps us from the device; not remembered, because the user may do something about it. */
async function kvmObstacle(): Promise<string | undefined> {
  try {
    await access('/dev/kvm', constants.R_OK | constants.W_OK)
    return undefined
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 'there is no /dev/kvm'
    if (systemCode(error) === 'EACCES')
      return 'no access to /dev/kvm: add yourself to the group kvm, then log in again'
    return messageOf(error)
  }
}

/** A guest of ours on x86_64. Elsewhere only whether QEMU sets up a processor: none of our guests runs there yet. */
async function tryOut(program: Program, accelerator: Accelerator): Promise<Verdict> {
  if (sameArchitecture(program.architecture, 'x86_64') && accelerator === 'kvm') {
    return verdictOf(await runProbe(program.binary, accelerator))
  }
  const board = sameArchitecture(program.architecture, 'aarch64') ? 'virt' : 'q35'
  const still = ['-nodefaults', '-no-user-config', '-display', 'none', '-S', '-cpu', 'host', '-qmp', 'stdio']
  const seen = await run(program.binary, [...still, '-machine', board, '-accel', accelerator], {
    input: QUIT,
  })
  if (seen.code === 0) return { works: true, reason: 'QEMU set up a processor with it' }
  return verdictOf({ ...seen, stages: '' })
}

const QUIT = '{"execute":"qmp_capabilities"}\n{"execute":"quit"}\n'
