import { OvmsError } from '../base/error.ts'
import { Limit } from '../base/limit.ts'
import type { Signalled } from '../base/signal.ts'
import type { Descriptor } from '../model/descriptor.ts'
import type { Digest } from '../model/digest.ts'
import type { BlobStat, ContentSink, ContentSource, Leasing } from './ports.ts'
import { hasSuccessors, isTree, successors } from './successors.ts'
import { type TransferListener, titleOf } from './transfer-event.ts'
import { readVerified } from './verified.ts'

/** Blobs at once. Two fill a fast line, a third hides the waits of the others (oras-go and dockerd use 3 as well). */
const BLOBS_AT_ONCE = 3

export interface CopyOptions extends Signalled {
  readonly onEvent?: TransferListener | undefined
}

export interface CopyResult {
  readonly root: Descriptor
  /** Bytes that went over the line. */
  readonly moved: number
  /** Bytes the target had already, whole blobs and beginnings of blobs. */
  readonly kept: number
}

/** One place an artifact is, or will be. */
export interface Location<Store> {
  readonly store: Store
  readonly name: string
}

/**
 * Copies an artifact with all it needs: the one verb behind push, pull, copy, save and load. Blobs go before the
 * manifests that name them and the tag goes last, so the target never shows an artifact that is not whole.
 *
 * @throws {OvmsError} what source and target throw; the target keeps what had arrived whole
 */
export async function copy(
  from: Location<ContentSource & Partial<BlobStat>>,
  to: Location<ContentSink & Partial<Leasing>>,
  { signal, onEvent = () => {} }: CopyOptions = {},
): Promise<CopyResult> {
  const root = await from.store.resolve(from.name, { signal })
  await using lease = await to.store.lease?.({ signal })
  const session = new CopySession(from.store, lease ?? to.store, onEvent)
  await session.copyTree(root, signal)
  await (lease ?? to.store).tag(to.name, root, { signal })
  return { root, moved: session.moved, kept: session.kept }
}

/** Copies what `root` needs and `root` itself, without giving it a name. */
export async function copyTree(
  source: ContentSource & Partial<BlobStat>,
  root: Descriptor,
  target: ContentSink,
  { signal, onEvent = () => {} }: CopyOptions = {},
): Promise<CopyResult> {
  const session = new CopySession(source, target, onEvent)
  await session.copyTree(root, signal)
  return { root, moved: session.moved, kept: session.kept }
}

class CopySession {
  moved = 0
  kept = 0
  readonly #source: ContentSource & Partial<BlobStat>
  readonly #target: ContentSink
  readonly #onEvent: TransferListener
  readonly #slots = new Limit(BLOBS_AT_ONCE)
  /** The same blob may stand several times in a tree, or in two manifests of an index. */
  readonly #started = new Map<Digest, Promise<void>>()

  constructor(source: ContentSource & Partial<BlobStat>, target: ContentSink, onEvent: TransferListener) {
    this.#source = source
    this.#target = target
    this.#onEvent = onEvent
  }

  async copyTree(root: Descriptor, signal: AbortSignal | undefined): Promise<void> {
    const failure = new AbortController()
    const both = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal
    if (!isTree(root)) {
      throw new OvmsError('artifact-unsupported', `${root.digest} is no manifest but ${root.mediaType}`, {
        actual: root.mediaType,
        hint: 'The registry or layout must name it by its media type',
      })
    }
    await this.#copyParent(root, { signal: both, failure })
  }

  #copy(blob: Descriptor, work: Work): Promise<void> {
    const started = this.#started.get(blob.digest)
    if (started) return started
    const copying = hasSuccessors(blob) ? this.#copyParent(blob, work) : this.#copyLeaf(blob, work)
    this.#started.set(blob.digest, copying)
    return copying
  }

  async #copyParent(blob: Descriptor, work: Work): Promise<void> {
    const children = await this.#readChildren(blob, work)
    await this.#all(children, work)
    await this.#copyLeaf(blob, work)
  }

  /** The bytes are let go again: ten thousand manifests of an index do not fit into memory while they wait. */
  async #readChildren(blob: Descriptor, work: Work): Promise<readonly Descriptor[]> {
    using _slot = await this.#slots.enter(work)
    return await successors(blob, await readVerified(this.#source, blob, work), this.#source, work)
  }

  async #copyLeaf(blob: Descriptor, work: Work): Promise<void> {
    this.#begin(blob)
    using _slot = await this.#slots.enter(work)
    if (await this.#target.has(blob, work)) return this.#present(blob)
    await this.#put(blob, (from, options) => this.#source.open(blob, { from, ...options }), work)
  }

  async #put(blob: Descriptor, open: Parameters<ContentSink['put']>[1], { signal }: Work): Promise<void> {
    const onBytes = (bytes: number, how: 'moved' | 'kept') => {
      this[how] += bytes
      this.#onEvent({ is: 'bytes', id: blob.digest, bytes, how })
    }
    await this.#target.put(blob, open, { signal, onBytes })
    this.#onEvent({ is: 'end', id: blob.digest, how: 'copied' })
  }

  #present(blob: Descriptor): void {
    this.kept += blob.size
    this.#onEvent({ is: 'end', id: blob.digest, how: 'present' })
  }

  /** Told before a blob waits for its turn, so that whoever adds up sizes knows the whole from the beginning. */
  #begin(blob: Descriptor): void {
    this.#onEvent({ is: 'begin', id: blob.digest, title: titleOf(blob), size: blob.size })
  }

  /** Waits for every child even after a failure, so that nothing still writes when the error is thrown. */
  async #all(children: readonly Descriptor[], work: Work): Promise<void> {
    const results = await Promise.allSettled(
      children.map(async (child) => {
        await this.#copy(child, work).catch((error: unknown) => {
          work.failure.abort(error)
          throw error
        })
      }),
    )
    if (results.some(({ status }) => status === 'rejected')) throw work.signal.reason
  }
}

interface Work {
  readonly signal: AbortSignal
  readonly failure: AbortController
}
