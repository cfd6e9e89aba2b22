import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { OvmsError, systemCode } from '../base/error.ts'
import { lockFile } from '../base/file-lock.ts'
import { exists, makeFolder, replaceFile, statOrNothing, storeError } from '../base/files.ts'
import { isObject } from '../base/json.ts'
import type { Signalled } from '../base/signal.ts'
import type { Bytes, Opener } from '../base/streams.ts'
import type {
  Adding,
  BlobStat,
  ContentSink,
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
import {
  changeIndex,
  type Entries,
  nameOf,
  readIndex,
  withName,
  withoutNameAnnotation,
  writeIndex,
} from './index-file.ts'
import { ingest, ingestNameless, linkBlob } from './ingest.ts'
import { hold, ProcessLease, release } from './lease.ts'
import { LayoutPaths } from './paths.ts'
import { LayoutUpload } from './upload.ts'

/** Bytes read from a blob at once. */
const READ_BYTES = 256 * 1024

const MARKER = `${JSON.stringify({ imageLayoutVersion: '1.0.0' })}\n`

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
    const entry = wanted
      ? entries.find(({ digest }) => digest === wanted)
      : entries.find((each) => nameOf(each) === name)
    if (entry) return withoutNameAnnotation(entry)
    const inner = wanted && (await this.#describeManifest(wanted))
    if (inner) return inner
    throw new OvmsError('reference-unknown', `No artifact is called ${name} here`, {
      actual: name,
      hint: 'See "ovm ls" for what there is',
    })
  }

  /** A manifest that only another manifest or a lease leads to still has a digest to ask for. */
  async #describeManifest(digest: Digest): Promise<Descriptor | undefined> {
    const size = (await statOrNothing(this.paths.blob(digest)))?.size
    if (size === undefined || size > MAX_MANIFEST_BYTES) return undefined
    const value = parseJsonObject(await readFile(this.paths.blob(digest)), digest)
    const declared = typeof value['mediaType'] === 'string' ? value['mediaType'] : undefined
    const implied = Array.isArray(value['manifests']) ? MEDIA_TYPES.ociIndex : MEDIA_TYPES.ociManifest
    return isObject(value) ? { mediaType: declared ?? implied, digest, size } : undefined
  }

  async open(blob: Descriptor, { from = 0, signal }: OpenOptions = {}): Promise<Bytes> {
    signal?.throwIfAborted()
    const path = this.paths.blob(blob.digest)
    try {
      const file = await open(path, 'r')
      return createReadStream(path, {
        fd: file,
        start: from,
        highWaterMark: READ_BYTES,
        ...(signal && { signal }),
      })
    } catch (cause) {
      if (systemCode(cause) === 'ENOENT') throw unknownBlob(blob.digest, cause)
      throw storeError(cause, path)
    }
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

  /** Makes a manifest one of the index's entries, without a name unless it has one. */
  async list(target: Descriptor, options: Signalled = {}): Promise<void> {
    const add = (entries: Entries) =>
      entries.some(({ digest }) => digest === target.digest) ? entries : [...entries, target]
    await changeIndex(this.paths, add, options)
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

/** A layout as seen through a process lease: whatever is asked for or put stays until the lease ends. */
export class LeasedSink implements ContentSink, Adding, AsyncDisposable {
  readonly #store: LayoutStore
  readonly #lease: ProcessLease
  readonly #relying: () => Promise<AsyncDisposable>

  constructor(store: LayoutStore, lease: ProcessLease, relying: () => Promise<AsyncDisposable>) {
    this.#store = store
    this.#lease = lease
    this.#relying = relying
  }

  async has(blob: Descriptor): Promise<boolean> {
    await this.protect(blob.digest)
    return this.#store.has(blob)
  }

  async put(blob: Descriptor, source: Opener, options?: PutOptions): Promise<void> {
    await this.protect(blob.digest)
    await this.#store.put(blob, source, options)
  }

  /** Takes bytes whose digest is not known before, as {@link ContentSink.put} takes others. */
  add(bytes: Bytes, options?: PutOptions): Promise<{ readonly digest: Digest; readonly size: number }> {
    const { paths } = this.#store
    const place = async (digest: Digest) => {
      await this.protect(digest)
      return paths.blob(digest)
    }
    return ingestNameless(bytes, paths.nameless(randomUUID()), place, options)
  }

  tag(name: string, target: Descriptor, options?: Signalled): Promise<void> {
    return this.#store.tag(name, target, options)
  }

  async protect(digest: Digest): Promise<void> {
    await using _relying = await this.#relying()
    await this.#lease.protect(digest)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#lease[Symbol.asyncDispose]()
  }
}

/** The digest a name consists of or ends in. */
function digestIn(name: string): Digest | undefined {
  const text = name.slice(name.indexOf('@') + 1)
  return isDigest(text) ? text : undefined
}

function unknownBlob(digest: Digest, cause?: unknown): OvmsError {
  return new OvmsError('blob-unknown', `There is no blob ${digest} in the store`, { actual: digest, cause })
}
