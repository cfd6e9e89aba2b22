import type { ChildProcess } from 'node:child_process'
import { messageOf, OvmsError } from '../../base/error.ts'
import { isObject } from '../../base/json.ts'
import { type Signalled, sleep } from '../../base/signal.ts'
import type { MachineExit, RunningMachine } from '../../machine/hypervisor.ts'
import type { InstancePaths } from '../../machine/instance-paths.ts'
import { isAlive, type ProcessIdentity, signalProcess } from '../../machine/process-identity.ts'
import { QEMU_FILES } from './arguments.ts'
import { connectIn } from './control-socket.ts'
import { lastWords } from './last-words.ts'
import { QmpClient, type QmpEvent } from './qmp.ts'

/** How a process ended, as far as it is known: only its parent is told. */
export interface ProcessEnd {
  readonly code?: number | null
  readonly signal?: NodeJS.Signals | null
}

/** How often an adopted process is looked at, ms. When its control socket closes it is looked at right away. */
const WATCH_MS = 500

/** After the control socket closed the process is about to end: how often to look then, ms. */
const ENDING_WATCH_MS = 10

/** How long the last messages of an ended process may take to be read, ms. */
const LAST_MESSAGES_MS = 1000

/** A QEMU process, ours or adopted. */
export class QemuMachine implements RunningMachine {
  readonly process: ProcessIdentity
  readonly #paths: InstancePaths
  readonly #exit = Promise.withResolvers<MachineExit>()
  readonly #released = new AbortController()
  #control: Promise<QmpClient> | undefined
  /** Why QEMU said it ends. */
  #shutdown: { readonly byGuest: boolean } | undefined

  constructor(process: ProcessIdentity, paths: InstancePaths) {
    this.process = process
    this.#paths = paths
  }

  get exited(): Promise<MachineExit> {
    return this.#exit.promise
  }

  /** Watches a child of this process. */
  watchChild(ended: Promise<ProcessEnd>): void {
    ended.then((end) => this.#settle(end))
  }

  /** Watches a process whose parent is gone. */
  async watchProcess(): Promise<void> {
    const { signal } = this.#released
    try {
      while (await isAlive(this.process)) await this.#pause(signal)
      await this.#settle({})
    } catch {
      // Released: somebody else watches from now on.
    }
  }

  /** Connects to the control socket, or gives the connection there is. */
  async control(options: Signalled = {}): Promise<QmpClient> {
    this.#control ??= this.#connect(options)
    const connecting = this.#control
    connecting.catch(() => {
      if (this.#control === connecting) this.#control = undefined
    })
    return await connecting
  }

  async powerDown(options: Signalled = {}): Promise<void> {
    await this.#execute('system_powerdown', options)
  }

  async quit(options: Signalled = {}): Promise<void> {
    await this.#execute('quit', options)
  }

  kill(): void {
    signalProcess(this.process, 'SIGKILL').catch(() => {})
  }

  detach(): void {
    this.#released.abort()
    this.#control?.then((control) => control.close()).catch(() => {})
  }

  async #connect(options: Signalled): Promise<QmpClient> {
    const socket = await connectIn(this.#paths.folder, QEMU_FILES.control, options)
    const control = await QmpClient.open(socket, (event) => this.#onEvent(event), options)
    control.closed.then(() => {
      this.#control = undefined
    })
    return control
  }

  async #execute(command: string, options: Signalled): Promise<void> {
    try {
      const control = await this.control(options)
      await control.execute(command, {}, options)
    } catch (cause) {
      options.signal?.throwIfAborted()
      throw new OvmsError('hypervisor-failed', `QEMU does not take ${command}: ${messageOf(cause)}`, {
        cause,
      })
    }
  }

  #onEvent({ name, data }: QmpEvent): void {
    if (name === 'SHUTDOWN') this.#shutdown = { byGuest: isObject(data) && data['guest'] === true }
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const control = await this.#control?.catch(() => undefined)
    if (!control) return await sleep(this.#shutdown ? ENDING_WATCH_MS : WATCH_MS, { signal })
    await Promise.race([sleep(WATCH_MS, { signal }), control.closed])
  }

  async #settle(end: ProcessEnd): Promise<void> {
    if (this.#released.signal.aborted) return
    // What QEMU said last may still be on its way when the end of its process is already known.
    const control = await this.#control?.catch(() => undefined)
    if (control) await Promise.race([control.closed, sleep(LAST_MESSAGES_MS)])
    this.#exit.resolve(await this.#describe(end))
  }

  async #describe({ code, signal }: ProcessEnd): Promise<MachineExit> {
    const isKnown = code !== undefined || signal !== undefined
    if (isKnown ? code === 0 : this.#shutdown !== undefined) {
      return { how: (this.#shutdown?.byGuest ?? true) ? 'powered-off' : 'quit' }
    }
    const cause = signal ?? (isKnown ? `exit status ${code}` : 'its exit status is not known')
    return { how: 'died', cause, lastWords: await lastWords(this.#paths.hypervisorLog) }
  }
}

/** Settles when a child has ended. */
export function endOf(child: ChildProcess): Promise<ProcessEnd> {
  const { promise, resolve } = Promise.withResolvers<ProcessEnd>()
  child.once('exit', (code, signal) => resolve({ code, signal }))
  return promise
}
