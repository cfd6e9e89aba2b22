import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { OvmsError } from '../base/error.ts'
import { lockFile } from '../base/file-lock.ts'
import { exists, makeFolder, replaceFile, statOrNothing, storeError } from '../base/files.ts'
import { isObject } from '../base/json.ts'
import type { Signalled } from '../base/signal.ts'
import { type Bytes, type Opener, untilAbort } from '../base/streams.ts'
import type {
  BlobStat,
  ContentStore,
  Leasing,
  OpenOptions,
  PutOptions,
  Upload,
  Uploading,
} from '../content/ports.ts'
import type { Descriptor } from '../model/descriptor.ts'
import { type Digest, isDigest } from '../model/digest.ts'
import { MAX_MANIFEST_BYTES, parseJsonObject } from '../model/json-document.ts'
import { MEDIA_TYPES } from '../model/media-types.ts'
import { type Collected, type CollectOptions, collectGarbage } from './collect.ts'
import {
  changeIndex,
  digestIn,
  type Entries,
  entryOf,
  nameOf,
  readIndex,
  withName,
  withoutName,
  withoutNameAnnotation,
  writeIndex,
} from './index-file.ts'
import { ingest, linkBlob } from './ingest.ts'
import { hold, ProcessLease, release } from './lease.ts'
import { LeasedSink } from './leased-sink.ts'
import { LayoutPaths } from './paths.ts'
import { LayoutUpload } from './upload.ts'

/** Bytes read from a blob at once. */
const READ_BYTES = 256 * 1024

const MARKER = `${JSON.stringify({ imageLayoutVersion: '1.0.0' })}\n`

export interface StoreEntry {
  readonly name?: string
  readonly root: Descriptor
}

/**
 * An OCI image layout on disk that several processes use at once: the local store, a repository of the embedded
 * registry, or any layout another tool wrote. spec/store.md
 */
export class LayoutStore implements ContentStore, BlobStat, Leasing, Uploading {
  readonly paths: LayoutPaths

  private constructor(root: string) {
    this.paths = new LayoutPaths(root)
  }

  /**
   * Opens the layout at `root`, which is made where there is none.
   *
   * @throws {OvmsError} `store-failed`, `store-full`
   */
  static async create(root: string): Promise<LayoutStore> {
    const store = new LayoutStore(root)
    const { paths } = store
    await makeFolder(paths.root, 0o700)
    for (const folder of [paths.blobs, paths.ingest, paths.leases]) await makeFolder(folder)
    await store.#initialize()
    return store
  }

  /**
   * Opens a layout that is there; nothing is written to it.
   *
   * @throws {OvmsError} `archive-invalid` when it is none
   */
  static async open(root: string): Promise<LayoutStore> {
    const store = new LayoutStore(root)
    const marker = await readFile(store.paths.marker).catch((cause: unknown) => {
      throw new OvmsError('archive-invalid', `${root} is not an OCI image layout`, { cause, actual: root })
    })
    const { imageLayoutVersion: version } = parseJsonObject(marker, `${root}/oci-layout`)
    if (typeof version !== 'string' || !version.startsWith('1.')) {
      throw new OvmsError('archive-invalid', `${root} is a layout of version ${String(version)}, not 1.x`, {
        actual: version,
      })
    }
    return store
  }

  async #initialize(): Promise<void> {
    if ((await exists(this.paths.marker)) && (await exists(this.paths.index))) return
    await using _lock = await lockFile(this.paths.indexLock)
    if (!(await exists(this.paths.index))) await writeIndex(this.paths, [])
    if (!(await exists(this.paths.marker))) await replaceFile(this.paths.marker, MARKER)
  }

  entries(): Promise<Entries> {
    return readIndex(this.paths)
  }

  async resolve(name: string): Promise<Descriptor> {
    const entries = await this.entries()
    const wanted = digestIn(name)
    const isMeant = (each: Descriptor) => (wanted ? each.digest === wanted : nameOf(each) === name)
    const entry = entries.find(isMeant)
    if (entry) return withoutNameAnnotation(entry)
    const inner = wanted && (await this.#describeManifest(wanted))
    if (inner) return inner
    throw unknownName(name)
  }

  /** A manifest that only another manifest or a lease leads to still has a digest to ask for. */
  async #describeManifest(digest: Digest): Promise<Descriptor | undefined> {
    const size = (await statOrNothing(this.paths.blob(digest)))?.size
    if (size === undefined || size > MAX_MANIFEST_BYTES) return undefined
    const value = jsonOrNothing(await readFile(this.paths.blob(digest)))
    if (!isObject(value)) return undefined
    const declared = typeof value['mediaType'] === 'string' ? value['mediaType'] : undefined
    const implied = Array.isArray(value['manifests']) ? MEDIA_TYPES.ociIndex : MEDIA_TYPES.ociManifest
    return { mediaType: declared ?? implied, digest, size }
  }

  async open(blob: Descriptor, { from = 0, signal }: OpenOptions = {}): Promise<Bytes> {
    signal?.throwIfAborted()
    await this.stat(blob.digest)
    return readFrom(this.paths.blob(blob.digest), from, { signal })
  }

  async stat(digest: Digest): Promise<{ readonly size: number }> {
    const found = await statOrNothing(this.paths.blob(digest))
    if (!found) throw unknownBlob(digest)
    return { size: found.size }
  }

  async has(blob: Descriptor): Promise<boolean> {
    return (await statOrNothing(this.paths.blob(blob.digest)))?.size === blob.size
  }

  async put(blob: Descriptor, source: Opener, options: PutOptions = {}): Promise<void> {
    const target = { blob, partial: this.paths.partial(blob.digest), final: this.paths.blob(blob.digest) }
    await ingest(target, source, options)
  }

  async tag(name: string, target: Descriptor, options: Signalled = {}): Promise<void> {
    await using _relying = await this.#relying(options)
    await this.stat(target.digest)
    await changeIndex(this.paths, (entries) => withName(entries, name, target), options)
  }

  async lease(options: Signalled = {}): Promise<LeasedSink> {
    return new LeasedSink(this, await ProcessLease.create(this.paths), () => this.#relying(options))
  }

  beginUpload(): Promise<Upload> {
    return LayoutUpload.begin(this.paths)
  }

  /** All names, in the order they were given. */
  async names(): Promise<readonly string[]> {
    return (await this.entries()).flatMap((entry) => nameOf(entry) ?? [])
  }

  /** Every artifact of the index, with its name where it has one. */
  async list(): Promise<readonly StoreEntry[]> {
    return (await this.entries()).map((entry) => {
      const name = nameOf(entry)
      return { root: withoutNameAnnotation(entry), ...(name !== undefined && { name }) }
    })
  }

  /** Makes an artifact an entry of the index without a name, unless it is one already. */
  async keep(root: Descriptor, options: Signalled = {}): Promise<void> {
    const add = (entries: Entries) =>
      entries.some(({ digest }) => digest === root.digest) ? entries : [...entries, entryOf(root)]
    await changeIndex(this.paths, add, options)
  }

  /** Takes a name away; what it stood for stays an entry. @throws {OvmsError} `reference-unknown` */
  async untag(name: string, options: Signalled = {}): Promise<void> {
    await this.#mustChange(name, (entries) => withoutName(entries, name), options)
  }

  /** Takes an entry, or all entries of a digest, out of the index. @throws {OvmsError} `reference-unknown` */
  async remove(nameOrDigest: string, options: Signalled = {}): Promise<void> {
    const isMeant = (entry: Descriptor) =>
      (isDigest(nameOrDigest) ? entry.digest : nameOf(entry)) === nameOrDigest
    await this.#mustChange(nameOrDigest, (entries) => entries.filter((entry) => !isMeant(entry)), options)
  }

  async #mustChange(name: string, change: (entries: Entries) => Entries, options: Signalled): Promise<void> {
    const changed = (entries: Entries) => {
      const after = change(entries)
      if (after.length === entries.length && after.every((entry, index) => entry === entries[index]))
        throw unknownName(name)
      return after
    }
    await changeIndex(this.paths, changed, options)
  }

  /** Removes what nothing leads to; with `nameless`, artifacts without a name as well. */
  async collect({
    nameless = false,
    ...options
  }: CollectOptions & { readonly nameless?: boolean } = {}): Promise<Collected> {
    return collectGarbage(this, {
      ...options,
      ...(nameless && { isRoot: (entry) => nameOf(entry) !== undefined }),
    })
  }

  pathOf(digest: Digest): string {
    return this.paths.blob(digest)
  }

  /** Shares a blob of another layout, by a link where the file system can. @returns whether it could */
  async mount(blob: Descriptor, from: LayoutStore): Promise<boolean> {
    return (await from.has(blob)) && linkBlob(from.paths.blob(blob.digest), this.paths.blob(blob.digest))
  }

  /** Keeps `digests` for `holder`, whatever names go, until {@link release}. Blobs that are missing are refused. */
  async hold(holder: string, digests: readonly Digest[], options: Signalled = {}): Promise<void> {
    await using _relying = await this.#relying(options)
    for (const digest of digests) await this.stat(digest)
    await hold(this.paths, holder, digests)
  }

  async release(holder: string): Promise<void> {
    await release(this.paths, holder)
  }

  #relying(options: Signalled): Promise<AsyncDisposable> {
    return lockFile(this.paths.collectLock, { shared: true, ...options })
  }
}

/** A blob that is asked for as a manifest may be anything. */
function jsonOrNothing(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}

/** Opens the file when the first byte is wanted: whoever never asks leaves nothing open. */
async function* readFrom(path: string, from: number, options: Signalled): Bytes {
  try {
    yield* untilAbort(createReadStream(path, { start: from, highWaterMark: READ_BYTES }), options)
  } catch (cause) {
    throw storeError(cause, path)
  }
}

function unknownName(name: string): OvmsError {
  return new OvmsError('reference-unknown', `No artifact is called ${name} here`, {
    actual: name,
    hint: 'See "ovm ls" for what there is',
  })
}

function unknownBlob(digest: Digest, cause?: unknown): OvmsError {
  return new OvmsError('blob-unknown', `There is no blob ${digest} in the store`, { actual: digest, cause })
}
