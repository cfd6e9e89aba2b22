import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile, readlink, realpath } from 'node:fs/promises'
import { setTimeout as after } from 'node:timers/promises'
import { messageOf, OvmsError, systemCode } from '../../base/error.ts'
import type { Signalled } from '../../base/signal.ts'
import type { Hypervisor, HypervisorReport, ProbeOptions, RunningMachine } from '../../machine/hypervisor.ts'
import type { InstancePaths } from '../../machine/instance-paths.ts'
import type { MachinePlan } from '../../machine/plan.ts'
import { identify, isAlive, type ProcessIdentity } from '../../machine/process-identity.ts'
import { kernelArchitecture } from '../../model/platform.ts'
import { AccelerationProbe } from './acceleration/probe.ts'
import { qemuArguments } from './arguments.ts'
import { findBinary, versionOf } from './binary.ts'
import { lastWords } from './last-words.ts'
import { endOf, type ProcessEnd, QemuMachine } from './machine.ts'
import { startFailure } from './start-failure.ts'

export interface QemuOptions {
  /** Where the answers of the acceleration probe are remembered. */
  readonly cacheFolder: string
  /** A program to use instead of `qemu-system-…` from PATH. */
  readonly binary?: string
}

/** How long QEMU may take until its control socket answers, ms: thirty machines may be starting on two processors. */
const CONTROL_TIMEOUT_MS = 30_000

/** How often to try the control socket, ms. */
const CONTROL_RETRY_MS = 4

/** How long an adopted QEMU may take to answer, ms. One that does not is still watched, and can be killed. */
const ADOPT_TIMEOUT_MS = 2000

const CAPABILITIES = {
  maxCpus: 255,
  diskFormats: ['qcow2', 'raw'],
  devices: ['ivshmem'],
  portProtocols: ['tcp', 'udp'],
} as const

/** Machines as QEMU processes, steered over QMP. */
export class Qemu implements Hypervisor {
  readonly name = 'qemu'
  readonly #binary: string | undefined
  readonly #probe: AccelerationProbe
  /** The version of each program: asking costs a process. */
  readonly #versions = new Map<string, Promise<string>>()

  constructor({ cacheFolder, binary }: QemuOptions) {
    this.#binary = binary
    this.#probe = new AccelerationProbe(cacheFolder)
  }

  async probe({ architecture, ...options }: ProbeOptions = {}): Promise<HypervisorReport> {
    const wanted = kernelArchitecture(architecture ?? process.arch)
    const binary = await findBinary(wanted, this.#binary)
    const version = await this.#versionOf(binary)
    options.signal?.throwIfAborted()
    const accelerations = await this.#probe.accelerations({ binary, version, architecture: wanted }, options)
    return {
      name: this.name,
      version,
      binary,
      architecture: wanted,
      accelerations,
      capabilities: CAPABILITIES,
    }
  }

  async start(plan: MachinePlan, paths: InstancePaths, { signal }: Signalled = {}): Promise<RunningMachine> {
    signal?.throwIfAborted()
    const binary = await findBinary(plan.architecture, this.#binary)
    const child = await spawnDetached(binary, qemuArguments(plan), paths)
    const ended = endOf(child)
    const machine = new QemuMachine(await identifyChild(child), paths)
    try {
      await untilControlled(machine, ended, paths, signal)
    } catch (error) {
      child.kill('SIGKILL')
      await ended
      throw error
    }
    machine.watchChild(ended)
    child.unref()
    return machine
  }

  async adopt(
    paths: InstancePaths,
    process?: ProcessIdentity,
    { signal }: Signalled = {},
  ): Promise<RunningMachine | undefined> {
    const found = process ?? (await processIn(paths))
    if (!found || !(await isAlive(found))) return undefined
    const machine = new QemuMachine(found, paths)
    const timeout = AbortSignal.timeout(ADOPT_TIMEOUT_MS)
    await machine.control({ signal: signal ? AbortSignal.any([signal, timeout]) : timeout }).catch(() => {})
    signal?.throwIfAborted()
    machine.watchProcess()
    return machine
  }

  #versionOf(binary: string): Promise<string> {
    const known = this.#versions.get(binary)
    if (known) return known
    const asked = versionOf(binary)
    this.#versions.set(binary, asked)
    asked.catch(() => this.#versions.delete(binary))
    return asked
  }
}

/** A process of its own group, which lives on when we end; all it says goes to a file. */
async function spawnDetached(binary: string, text: string[], paths: InstancePaths): Promise<ChildProcess> {
  const log = await open(paths.hypervisorLog, 'a', 0o600)
  try {
    const child = spawn(binary, text, {
      cwd: paths.folder,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    })
    await once(child, 'spawn')
    return child
  } catch (cause) {
    throw new OvmsError('hypervisor-failed', `Cannot run ${binary}: ${messageOf(cause)}`, {
      cause,
      actual: binary,
    })
  } finally {
    await log.close()
  }
}

/** A child that has already ended is a zombie, to which we are no stranger: its pid is still its own. */
async function identifyChild(child: ChildProcess): Promise<ProcessIdentity> {
  const pid = child.pid ?? 0
  return (await identify(pid)) ?? { pid, startTime: 'ended' }
}

/** Waits until QEMU takes commands; a guest may have come and gone before. */
async function untilControlled(
  machine: QemuMachine,
  ended: Promise<ProcessEnd>,
  paths: InstancePaths,
  signal: AbortSignal | undefined,
): Promise<void> {
  const timeout = AbortSignal.timeout(CONTROL_TIMEOUT_MS)
  const both = signal ? AbortSignal.any([signal, timeout]) : timeout
  let end: ProcessEnd | undefined
  ended.then((how) => {
    end = how
  })
  while (!end) {
    try {
      await machine.control({ signal: both })
      return
    } catch (error) {
      signal?.throwIfAborted()
      if (timeout.aborted) throw silent(error)
      await Promise.race([after(CONTROL_RETRY_MS), ended])
    }
  }
  if (end.code !== 0) throw startFailure(await lastWords(paths.hypervisorLog), describeEnd(end))
}

function silent(cause: unknown): OvmsError {
  const seconds = CONTROL_TIMEOUT_MS / 1000
  return new OvmsError('hypervisor-failed', `QEMU did not answer within ${seconds} s`, { cause })
}

function describeEnd({ code, signal }: ProcessEnd): string {
  return signal ?? `exit status ${code}`
}

/** The process that says it belongs to an instance, if it really works in its folder. */
async function processIn(paths: InstancePaths): Promise<ProcessIdentity | undefined> {
  try {
    const pid = Number((await readFile(paths.pidFile, 'utf8')).trim())
    if (!Number.isSafeInteger(pid) || pid <= 0) return undefined
    if (
      process.platform === 'linux' &&
      (await readlink(`/proc/${pid}/cwd`)) !== (await realpath(paths.folder))
    )
      return undefined
    return await identify(pid)
  } catch (error) {
    if (systemCode(error) !== undefined) return undefined
    throw error
  }
}
