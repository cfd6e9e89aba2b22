import { rm } from 'node:fs/promises'
import { OvmsError } from '../base/error.ts'
import { makeFolder } from '../base/files.ts'
import { reportExit } from './exit-report.ts'
import type { MachineExit, RunningMachine } from './hypervisor.ts'
import { InstancePaths } from './instance-paths.ts'
import { LogCollector } from './log-collector.ts'
import type { LogFile } from './log-file.ts'
import { type InstanceRecord, writeRecord } from './record.ts'
import { isFinal, type MachineEvent, type MachineState, nextState } from './state.ts'
import { type StopOptions, stopMachine } from './stop.ts'

/** A stop that has begun. */
export interface Stopping {
  readonly ended: Promise<void>
}

/** One machine that was started, from its first moment until it is removed. */
export class Instance {
  readonly paths: InstancePaths
  #record: InstanceRecord
  #machine: RunningMachine | undefined
  #log: LogCollector | undefined
  #stopping: Promise<void> | undefined
  #wasKilled = false
  #writing: Promise<unknown> = Promise.resolve()
  readonly #ended = Promise.withResolvers<void>()

  constructor(paths: InstancePaths, record: InstanceRecord) {
    this.paths = paths
    this.#record = record
    if (isFinal(record.state)) this.#ended.resolve()
  }

  /** Makes the folder of a new instance, and its record in it. */
  static async create(folder: string, record: InstanceRecord): Promise<Instance> {
    const instance = new Instance(new InstancePaths(folder), record)
    await makeFolder(folder, 0o700)
    await instance.#store({})
    return instance
  }

  get record(): InstanceRecord {
    return this.#record
  }

  get id(): string {
    return this.#record.id
  }

  get state(): MachineState {
    return this.#record.state
  }

  /** The log while it grows. */
  get growingLog(): LogFile | undefined {
    return this.#log?.file
  }

  /** Settles when it is stopped or in error, and all that was said is in the log. */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  /** Opens the log; from then on what the machine says is gathered. */
  async openLog(requestedAt?: number): Promise<LogCollector> {
    const onFirstOutput = () => {
      const firstOutputMs = Math.round(performance.now() - (requestedAt ?? 0))
      this.#store({ timings: { ...this.#record.timings, firstOutputMs } }).catch(() => {})
    }
    this.#log = await LogCollector.open(this.paths, requestedAt === undefined ? {} : { onFirstOutput })
    return this.#log
  }

  /** Takes charge of a machine that runs: new, or found again. */
  async attach(
    machine: RunningMachine,
    note: string,
    timings: InstanceRecord['timings'] = {},
  ): Promise<void> {
    this.#machine = machine
    const isNew = this.state === 'starting'
    const stored = this.#store({
      ...(isNew && { state: nextState(this.state, 'spawned'), startedAt: new Date().toISOString() }),
      process: machine.process,
      timings: { ...this.#record.timings, ...timings },
    })
    // A machine that runs already is looked after also while the disk is full.
    await (isNew ? stored : stored.catch(() => {}))
    await this.#log?.note(note).catch(() => {})
    machine.exited.then((exit) => this.#machine && this.#onExit(exit))
  }

  /** Writes down that the machine was gone when it was looked for. */
  async lose(reason: string): Promise<void> {
    await this.#end('lost', { reason })
  }

  /**
   * Begins to end the machine, also where that cannot be written down. Asking again may shorten what is going on,
   * never lengthen it.
   *
   * @returns what settles when it has ended, or could not be
   * @throws {OvmsError} `instance-state` while it starts
   */
  async stop(options: StopOptions = {}): Promise<Stopping> {
    if (isFinal(this.state)) return { ended: this.ended }
    const state = this.#after('stop-asked')
    if (!this.#machine)
      throw new OvmsError('internal', `Instance ${this.id} is ${this.state} without a machine`)
    if (this.state !== state) this.#store({ state }).catch(() => {})
    if (!this.#stopping || options.force || options.timeoutMs !== undefined) {
      this.#stopping = this.#stop(this.#machine, options)
    }
    return { ended: this.#stopping }
  }

  /** Lets go of the machine, which goes on running. */
  async detach(): Promise<void> {
    this.#machine?.detach()
    this.#machine = undefined
    await this.#log?.close()
    await this.#writing
  }

  /** Removes the folder. The record goes first: a folder without one is known to be left over. */
  async remove(release: () => Promise<void>): Promise<void> {
    await this.#log?.close()
    await this.#writing
    await rm(this.paths.record, { force: true })
    await release()
    await rm(this.paths.folder, { recursive: true, force: true })
  }

  async #stop(machine: RunningMachine, options: StopOptions): Promise<void> {
    const note = (step: string) => void this.#log?.note(step).catch(() => {})
    const onKill = () => {
      this.#wasKilled = true
    }
    await stopMachine(machine, { ...options, onStep: note, onKill })
    await this.ended
  }

  async #onExit(exit: MachineExit): Promise<void> {
    const { event, ...report } = reportExit(exit, this.#record.hypervisor, this.#wasKilled)
    await this.#end(event, report)
  }

  /** The record is final before the log closes, so that whoever followed the log to its end then sees the end state. */
  async #end(event: MachineEvent, report: Pick<InstanceRecord, 'reason' | 'error'>): Promise<void> {
    const state = this.#after(event)
    await this.#log?.drain().catch(() => {})
    await this.#log?.note(`${state}: ${report.reason}`).catch(() => {})
    await this.#store({ state, finishedAt: new Date().toISOString(), ...report }).catch(() => {})
    await this.#log?.close().catch(() => {})
    this.#log = undefined
    this.#machine = undefined
    this.#ended.resolve()
  }

  #after(event: MachineEvent): MachineState {
    return nextState(this.state, event)
  }

  /** Changes the record, here at once and then on disk, one change after the other. */
  #store(change: Partial<InstanceRecord>): Promise<void> {
    this.#record = { ...this.#record, ...change }
    const turn = this.#writing.then(() => writeRecord(this.paths, this.#record))
    this.#writing = turn.catch(() => {})
    return turn
  }
}
