import type { Signalled } from '../base/signal.ts'
import type { InstancePaths } from './instance-paths.ts'
import type { Accelerator, MachinePlan } from './plan.ts'
import type { ProcessIdentity } from './process-identity.ts'

/** Runs machines: the part every adapter has. What else it can do is told as data by {@link probe}. */
export interface Hypervisor {
  /** The word by which a user or manifest chooses it: `qemu`. */
  readonly name: string

  /**
   * Tells what works on this host for machines of `architecture` (the host's own where nothing is said).
   *
   * @throws {OvmsError} `hypervisor-missing`, `hypervisor-failed`
   */
  probe(options?: ProbeOptions): Promise<HypervisorReport>

  /**
   * Starts a machine as a process of its own that outlives this one. Its console goes to `paths.console`, its own
   * words to `paths.hypervisorLog`. Whatever fails or is aborted leaves no process behind.
   *
   * @throws {OvmsError} `hypervisor-missing`, `hypervisor-failed`, `port-in-use`, `acceleration-unavailable`
   */
  start(plan: MachinePlan, paths: InstancePaths, options?: Signalled): Promise<RunningMachine>

  /** Takes over a machine that an earlier daemon started; undefined when it runs no more. */
  adopt(
    paths: InstancePaths,
    process?: ProcessIdentity,
    options?: Signalled,
  ): Promise<RunningMachine | undefined>
}

export interface ProbeOptions extends Signalled {
  /** The kernel's name: `x86_64`. */
  readonly architecture?: string
}

export interface HypervisorReport {
  readonly name: string
  readonly version: string
  /** The program that would run the machine. */
  readonly binary: string
  readonly architecture: string
  /** Fastest first; at least one works. */
  readonly accelerations: readonly Acceleration[]
  readonly capabilities: Capabilities
}

export interface Acceleration {
  readonly name: Accelerator
  readonly works: boolean
  /** What was seen, in words for people. */
  readonly reason: string
}

/** What a plan may ask for. */
export interface Capabilities {
  readonly maxCpus: number
  readonly diskFormats: readonly string[]
  /** Device types of the OVMS manifest. */
  readonly devices: readonly string[]
  readonly portProtocols: readonly string[]
}

/** A machine whose hypervisor runs. Each way to end it only asks; {@link exited} tells that it has ended. */
export interface RunningMachine {
  readonly process: ProcessIdentity
  /** Settles once, never rejects. */
  readonly exited: Promise<MachineExit>
  /** Presses the power button; the guest may take its time, or not listen. */
  powerDown(options?: Signalled): Promise<void>
  /** Ends the hypervisor in order: what it holds of the disk is written, the guest is not asked. */
  quit(options?: Signalled): Promise<void>
  /** Ends the hypervisor at once. */
  kill(): void
  /** Lets go of the machine, which goes on running: a later {@link Hypervisor.adopt} finds it. */
  detach(): void
}

export type MachineExit =
  /** The guest switched itself off. */
  | { readonly how: 'powered-off' }
  /** The hypervisor was told to end, by us or by a signal it obeys. */
  | { readonly how: 'quit' }
  | {
      readonly how: 'died'
      /** `exit status 1`, `SIGKILL`, or that it is not known. */
      readonly cause: string
      /** The last lines of its standard error. */
      readonly lastWords: string
    }
