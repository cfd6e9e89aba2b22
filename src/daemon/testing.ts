import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DaemonClient } from '../api/client.ts'
import { instanceStatusSchema } from '../api/instance-status.ts'
import type { LogRecord } from '../api/log-record.ts'
import type { StartOverrides } from '../api/start-request.ts'
import { OvmsError } from '../base/error.ts'
import { sleep } from '../base/signal.ts'
import { FakeHypervisor, type FakeOptions } from '../machine/fake-hypervisor.ts'
import type { Hypervisor } from '../machine/hypervisor.ts'
import type { ImageStore } from '../machine/image-store.ts'
import { type Descriptor, toDescriptor } from '../model/descriptor.ts'
import { type Digest, hexOf } from '../model/digest.ts'
import { MEDIA_TYPES } from '../model/media-types.ts'
import type { OvmsManifest } from '../model/ovms-manifest.ts'
import { violations } from '../model/validator.ts'
import type { Artifact } from '../packaging/artifact.ts'
import type { Obtain } from './context.ts'
import { createDaemon, type Daemon } from './daemon.ts'

export const UNKNOWN_ID = '00000000-0000-4000-8000-000000000000'

/** The lines of one stream. */
export function linesOf(records: readonly LogRecord[], stream: string): string[] {
  return records.flatMap((record) => (record.stream === stream ? [record.line] : []))
}

/** A daemon in a home of its own, with machines that are not real. */
export class House implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), 'ovms-daemon-'))
  readonly home: string
  readonly socketPath: string
  readonly store: FakeStore
  readonly hypervisor: FakeHypervisor
  readonly client: DaemonClient
  readonly messages: string[] = []
  kernel: Descriptor
  /** Further blobs of the artifact. */
  more: readonly Descriptor[] = []
  readonly #hypervisors: Readonly<Record<string, Hypervisor>>
  manifest: OvmsManifest
  daemon: Daemon

  private constructor({ home, socketPath, hypervisors, ...fake }: HouseOptions) {
    this.home = home ?? join(this.root, 'home')
    this.socketPath = socketPath ?? join(this.root, 'run', 'ovm.sock')
    if (!socketPath) mkdirSync(join(this.root, 'run'), { mode: 0o700 })
    this.store = new FakeStore(join(this.root, 'blobs'))
    this.kernel = this.store.add('kernel', MEDIA_TYPES.kernel)
    this.manifest = {
      schemaVersion: 1,
      mediaType: MEDIA_TYPES.ovmsManifest,
      name: 'Tiny Guest',
      version: '1',
      kernel: { ref: this.kernel.digest, args: 'console=ttyS0' },
    }
    this.hypervisor = new FakeHypervisor(fake)
    this.#hypervisors = hypervisors?.(this.home) ?? { fake: this.hypervisor }
    this.client = new DaemonClient(this.socketPath)
    this.daemon = this.#create()
  }

  static async prepare(options: HouseOptions): Promise<House> {
    return new House(options)
  }

  static async open(options: HouseOptions = {}): Promise<House> {
    const house = new House(options)
    await house.daemon.listen()
    return house
  }

  get artifact(): Artifact {
    return {
      root: this.store.add('root', MEDIA_TYPES.ociManifest),
      manifest: this.manifest,
      manifestBlob: this.store.add('manifest', MEDIA_TYPES.ovmsManifest),
      blobs: [this.kernel, ...this.more],
    }
  }

  async restart(): Promise<void> {
    this.daemon = this.#create()
    await this.daemon.listen()
  }

  start(overrides: StartOverrides = {}) {
    return this.client.start({ manifest: 'tiny:1', overrides: { name: 'web', ...overrides } })
  }

  guest(id: string) {
    const guest = this.hypervisor.guest(join(this.home, 'instances', id))
    assert.ok(guest)
    return guest
  }

  async until(id: string, state: string, seconds = 5) {
    for (let tries = 0; tries < seconds * 200; tries++) {
      const status = await this.client.status(id)
      if (status.state === state) return status
      await sleep(5)
    }
    return assert.fail(`${id} is not ${state}`)
  }

  folders(): string[] {
    return readdirSync(join(this.home, 'instances'))
  }

  check(status: object): void {
    assert.deepEqual(violations(instanceStatusSchema, status), [])
  }

  checkEmpty(): void {
    assert.deepEqual(this.folders(), [])
    assert.equal(this.store.held.size, 0)
  }

  async raw(method: string, path: string, body?: string) {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' }
    const call = request({ socketPath: this.socketPath, method, path, headers, agent: false })
    call.end(body)
    const [answer] = await once(call, 'response')
    const text = (await answer.setEncoding('utf8').toArray()).join('')
    return { status: answer.statusCode, type: answer.headers['content-type'], body: JSON.parse(text) }
  }

  /** Machines that still run are ended, so that no test leaves a process behind. */
  async [Symbol.asyncDispose](): Promise<void> {
    const left = await this.client.list().catch(() => [])
    for (const { instance_id } of left) await this.client.remove(instance_id, { force: true })
    await this.daemon.close()
    rmSync(this.root, { recursive: true })
  }

  #create(): Daemon {
    const obtain: Obtain = async (reference) => {
      if (reference === 'tiny:1') return { artifact: this.artifact, name: reference }
      throw new OvmsError('reference-unknown', `No artifact is called ${reference}`)
    }
    return createDaemon({
      home: this.home,
      socketPath: this.socketPath,
      hypervisors: this.#hypervisors,
      store: this.store,
      obtain,
      version: '0.0.0',
      log: (message) => this.messages.push(message),
    })
  }
}

export interface HouseOptions extends FakeOptions {
  /** Instead of the fake; told of its home. */
  readonly hypervisors?: (home: string) => Readonly<Record<string, Hypervisor>>
  readonly home?: string
  readonly socketPath?: string
}

class FakeStore implements ImageStore {
  readonly held = new Map<string, readonly Digest[]>()
  readonly missing = new Set<Digest>()
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder)
  }

  add(content: string | Uint8Array, mediaType: string): Descriptor {
    const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`
    const blob = toDescriptor({ mediaType, digest, size: content.length })
    writeFileSync(this.pathOf(blob.digest), content)
    return blob
  }

  pathOf(digest: Digest): string {
    return join(this.#folder, hexOf(digest))
  }

  async hold(holder: string, digests: readonly Digest[]): Promise<void> {
    const gone = digests.find((digest) => this.missing.has(digest))
    if (gone) throw new OvmsError('blob-unknown', `There is no blob ${gone}`)
    this.held.set(holder, digests)
  }

  async release(holder: string): Promise<void> {
    this.held.delete(holder)
  }
}
