import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { messageOf, OvmsError } from '../base/error.ts'
import { makeFolder } from '../base/files.ts'
import { forEachLimited } from '../base/limit.ts'
import { nearest } from '../base/nearest.ts'
import type { Signalled } from '../base/signal.ts'
import { requireFreePorts } from './host-ports.ts'
import type { Hypervisor } from './hypervisor.ts'
import type { ImageStore } from './image-store.ts'
import { Instance } from './instance.ts'
import { nameFor, parseInstanceName } from './instance-name.ts'
import type { InstancePaths } from './instance-paths.ts'
import { inspectFiles, type MachineImage } from './machine-image.ts'
import { type MachineOverrides, planMachine } from './plan.ts'
import { instanceFolders, readRecord } from './record.ts'
import { adoptInstance, startInstance } from './start.ts'
import { isFinal } from './state.ts'

/** Instances that are found again at once: each waits for its hypervisor, none needs much of a processor. */
const ADOPTED_AT_ONCE = 8

export interface InstancesOptions {
  /** The folder that holds one folder for each. */
  readonly root: string
  readonly store: ImageStore
  /** By the name under which they are chosen; the first is the default. */
  readonly hypervisors: Readonly<Record<string, Hypervisor>>
  /** Told what nobody waits for but somebody may look for. */
  readonly log?: (message: string) => void
}

export interface StartRequest {
  readonly image: MachineImage
  readonly name?: string
  readonly hypervisor?: string
  readonly overrides?: MachineOverrides
  /** `performance.now()` when it was asked for. */
  readonly requestedAt?: number
  readonly timings?: { readonly resolveMs?: number; readonly fetchMs?: number }
}

/** All instances of one home. One process at a time may have them. */
export class Instances {
  readonly #root: string
  readonly #store: ImageStore
  readonly #hypervisors: Readonly<Record<string, Hypervisor>>
  readonly #log: (message: string) => void
  readonly #instances = new Map<string, Instance>()
  /** Names of instances that are being started. */
  readonly #reserved = new Set<string>()
  readonly #starting = new Set<Promise<Instance>>()

  private constructor({ root, store, hypervisors, log = () => {} }: InstancesOptions) {
    this.#root = root
    this.#store = store
    this.#hypervisors = hypervisors
    this.#log = log
  }

  /** Reads what there is and finds again what still runs. */
  static async open(options: InstancesOptions, { signal }: Signalled = {}): Promise<Instances> {
    const instances = new Instances(options)
    await makeFolder(options.root, 0o700)
    const folders = await instanceFolders(options.root)
    await forEachLimited(folders, ADOPTED_AT_ONCE, (paths) => instances.#load(paths), { signal })
    return instances
  }

  /** Oldest first. */
  list(): Instance[] {
    return [...this.#instances.values()].toSorted((a, b) =>
      a.record.createdAt.localeCompare(b.record.createdAt),
    )
  }

  /**
   * The instance with an id, a name, or an id that begins so.
   *
   * @throws {OvmsError} `instance-unknown`
   */
  find(text: string): Instance {
    const all = this.list()
    const exact = this.#instances.get(text) ?? all.find(({ record }) => record.name === text)
    if (exact) return exact
    const matches = text === '' ? [] : all.filter(({ id }) => id.startsWith(text))
    if (matches[0] && matches.length === 1) return matches[0]
    const near = nearest(
      text,
      all.map(({ record }) => record.name),
    )
    const [message, hint] =
      matches.length > 1
        ? [
            `${matches.length} instances have an id that begins with ${text}`,
            'Give more of the id, or the name',
          ]
        : [
            `No instance has the id or name ${JSON.stringify(text)}`,
            near ? `Did you mean ${near}?` : 'See "ovm ps --all"',
          ]
    throw new OvmsError('instance-unknown', message, { actual: text, hint })
  }

  /**
   * Starts a machine. When this fails, nothing of it is left.
   *
   * @throws {OvmsError} what {@link planMachine} and {@link Hypervisor.start} throw, and `name-taken`, `port-in-use`
   */
  async start(request: StartRequest, options: Signalled = {}): Promise<Instance> {
    const starting = this.#start(request, options)
    this.#starting.add(starting)
    return await starting.finally(() => this.#starting.delete(starting))
  }

  /**
   * Removes an instance and all it wrote.
   *
   * @throws {OvmsError} `instance-state` while it runs, unless `force`
   */
  async remove(instance: Instance, { force = false } = {}): Promise<void> {
    if (!isFinal(instance.state)) {
      if (!force) {
        throw new OvmsError('instance-state', `Instance ${instance.record.name} is ${instance.state}`, {
          actual: instance.state,
          hint: 'Stop it first, or remove it with --force',
        })
      }
      const { ended } = await instance.stop({ force })
      await ended
    }
    this.#instances.delete(instance.id)
    await instance.remove(() => this.#store.release(instance.id))
  }

  /** Lets go of all machines, which go on running. Starts that were aborted are undone first. */
  async detach(): Promise<void> {
    await Promise.allSettled(this.#starting)
    await Promise.all(this.list().map((instance) => instance.detach()))
  }

  async #start(request: StartRequest, { signal }: Signalled): Promise<Instance> {
    const { image, overrides = {}, requestedAt = performance.now(), timings = {} } = request
    const id = randomUUID()
    using name = this.#reserve(request.name ?? nameFor(image.manifest.name, id))
    const hypervisor = this.#choose(request)
    const begun = performance.now()
    const report = await hypervisor.probe({ architecture: image.architecture, signal })
    const files = await inspectFiles(image, this.#store, { signal })
    const plan = planMachine({ instanceId: id, manifest: image.manifest, files, overrides, report })
    await requireFreePorts(plan.ports)
    const decided = { id, name: name.text, folder: join(this.#root, id), image, plan, report, hypervisor }
    const onCreated = (instance: Instance) => this.#list(instance)
    const around = { store: this.#store, requestedAt, begun, timings, onCreated }
    return await startInstance({ ...decided, ...around }, { signal })
  }

  #list(instance: Instance): Disposable {
    this.#instances.set(instance.id, instance)
    return { [Symbol.dispose]: () => this.#instances.delete(instance.id) }
  }

  #reserve(wanted: string): Disposable & { readonly text: string } {
    const text = parseInstanceName(wanted)
    if (this.#reserved.has(text) || this.list().some(({ record }) => record.name === text)) {
      throw new OvmsError('name-taken', `There is already an instance called ${text}`, {
        actual: text,
        hint: `Choose another name, or remove that one with "ovm rm ${text}"`,
      })
    }
    this.#reserved.add(text)
    return { text, [Symbol.dispose]: () => this.#reserved.delete(text) }
  }

  /** Asked for, else what the publisher prefers, else the first. */
  #choose({ hypervisor, image }: StartRequest): Hypervisor {
    const names = Object.keys(this.#hypervisors)
    const preferred = image.manifest.runtimeHints?.preferredRuntime?.find((name) => names.includes(name))
    const name = hypervisor ?? preferred ?? names[0] ?? ''
    const found = Object.hasOwn(this.#hypervisors, name) ? this.#hypervisors[name] : undefined
    if (found) return found
    throw new OvmsError('request-invalid', `No hypervisor is called ${JSON.stringify(name)}`, {
      actual: name,
      hint: `Known here: ${names.join(', ')}`,
    })
  }

  async #load(paths: InstancePaths): Promise<void> {
    try {
      const record = await readRecord(paths)
      if (!record) return await this.#clear(paths)
      const instance = new Instance(paths, record)
      this.#instances.set(record.id, instance)
      await adoptInstance(instance, this.#hypervisors[record.hypervisor])
    } catch (error) {
      this.#log(`Cannot read the instance in ${paths.folder}: ${messageOf(error)}`)
    }
  }

  /** A folder without a record is what a removal or a start left that was cut short. */
  async #clear(paths: InstancePaths): Promise<void> {
    await this.#store.release(basename(paths.folder))
    await rm(paths.folder, { recursive: true, force: true })
  }
}
