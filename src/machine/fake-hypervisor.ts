import { appendFileSync } from 'node:fs'
import type { Signalled } from '../base/signal.ts'
import type { Hypervisor, HypervisorReport, MachineExit, ProbeOptions, RunningMachine } from './hypervisor.ts'
import type { InstancePaths } from './instance-paths.ts'
import type { MachinePlan } from './plan.ts'
import type { ProcessIdentity } from './process-identity.ts'

/** What a fake guest can do, and be told by its test. */
export interface FakeGuest {
  readonly plan: MachinePlan
  print(text: string | Uint8Array): void
  powerOff(): void
  crash(lastWords?: string): void
}

export interface FakeOptions {
  /** What runs as the guest once it is started. */
  readonly onStart?: (guest: FakeGuest) => void
  /** What a press of the power button does; it switches the guest off where nothing is said. */
  readonly onPowerButton?: (guest: FakeGuest) => void
  /** Called instead of starting; throws to refuse. */
  readonly onSpawn?: (options: Signalled) => Promise<void>
  readonly report?: Partial<HypervisorReport>
}

/** Beyond what Linux gives to processes, so that nobody real can be meant. */
const FIRST_FAKE_PID = 2 ** 22 + 1

/** A hypervisor without machines, for tests: complete in its behaviour, and at once. */
export class FakeHypervisor implements Hypervisor {
  readonly name = 'fake'
  readonly #options: FakeOptions
  readonly #machines = new Map<string, FakeMachine>()
  #nextPid = FIRST_FAKE_PID

  constructor(options: FakeOptions = {}) {
    this.#options = options
  }

  async probe({ architecture = 'x86_64' }: ProbeOptions = {}): Promise<HypervisorReport> {
    return {
      name: this.name,
      version: '1',
      binary: 'none',
      architecture,
      accelerations: [{ name: 'tcg', works: true, reason: 'nothing is run' }],
      capabilities: {
        maxCpus: 64,
        diskFormats: ['qcow2', 'raw'],
        devices: ['ivshmem'],
        portProtocols: ['tcp', 'udp'],
      },
      ...this.#options.report,
    }
  }

  async start(plan: MachinePlan, paths: InstancePaths, options: Signalled = {}): Promise<RunningMachine> {
    options.signal?.throwIfAborted()
    await this.#options.onSpawn?.(options)
    const process = { pid: this.#nextPid++, startTime: 'fake' }
    const machine = new FakeMachine(plan, paths, process, this.#options)
    this.#machines.set(paths.folder, machine)
    this.#options.onStart?.(machine)
    return machine.handle()
  }

  async adopt(paths: InstancePaths): Promise<RunningMachine | undefined> {
    const machine = this.#machines.get(paths.folder)
    return machine?.isRunning ? machine.handle() : undefined
  }

  /** The guest of an instance, for its test. */
  guest(folder: string): FakeGuest | undefined {
    return this.#machines.get(folder)
  }
}

class FakeMachine implements FakeGuest {
  readonly plan: MachinePlan
  isRunning = true
  readonly #paths: InstancePaths
  readonly #process: ProcessIdentity
  readonly #options: FakeOptions
  readonly #exit = Promise.withResolvers<MachineExit>()

  constructor(plan: MachinePlan, paths: InstancePaths, process: ProcessIdentity, options: FakeOptions) {
    this.plan = plan
    this.#paths = paths
    this.#process = process
    this.#options = options
  }

  print(text: string | Uint8Array): void {
    appendFileSync(this.#paths.console, text)
  }

  powerOff(): void {
    this.#end({ how: 'powered-off' })
  }

  crash(lastWords = ''): void {
    if (lastWords !== '') appendFileSync(this.#paths.hypervisorLog, `${lastWords}\n`)
    this.#end({ how: 'died', cause: 'exit status 1', lastWords })
  }

  handle(): RunningMachine {
    const exited = Promise.withResolvers<MachineExit>()
    let isDetached = false
    this.#exit.promise.then((exit) => isDetached || exited.resolve(exit))
    return {
      process: this.#process,
      exited: exited.promise,
      powerDown: async () => this.#pressPowerButton(),
      quit: async () => this.#end({ how: 'quit' }),
      kill: () => this.#end({ how: 'died', cause: 'SIGKILL', lastWords: '' }),
      detach: () => {
        isDetached = true
      },
    }
  }

  #pressPowerButton(): void {
    if (this.#options.onPowerButton) this.#options.onPowerButton(this)
    else this.powerOff()
  }

  #end(exit: MachineExit): void {
    this.isRunning = false
    this.#exit.resolve(exit)
  }
}
