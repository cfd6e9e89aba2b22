import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { lockFile, removeUnheld } from '../base/file-lock.ts'
import { statOrNothing } from '../base/files.ts'
import type { Signalled } from '../base/signal.ts'
import { hasSuccessors, isTree, successors } from '../content/successors.ts'
import { readVerified } from '../content/verified.ts'
import type { Descriptor } from '../model/descriptor.ts'
import { type Digest, isDigest } from '../model/digest.ts'
import { changeIndex, type Entries } from './index-file.ts'
import type { LayoutStore } from './layout-store.ts'
import { leasedDigests } from './lease.ts'
import type { LayoutPaths } from './paths.ts'

/** How long an interrupted download is kept to be resumed, ms: whoever has not come back in a day will not. */
const PARTIAL_KEPT_MS = 24 * 3_600_000

export interface Collected {
  readonly blobs: readonly { readonly digest: Digest; readonly size: number }[]
  /** Bytes of removed blobs and of abandoned downloads together. */
  readonly bytes: number
}

export interface CollectOptions extends Signalled {
  /** Only tells what would go. */
  readonly dryRun?: boolean
}

interface RootFilter {
  /** Whether an entry of the index counts; one that does not is taken out of it. */
  readonly isRoot?: (entry: Descriptor) => boolean
}

/**
 * Removes every blob that no entry of the index and no lease leads to. Processes that use the store meanwhile wait, or
 * have said by their leases what they need.
 */
export async function collectGarbage(
  store: LayoutStore,
  { dryRun = false, isRoot = () => true, signal }: CollectOptions & RootFilter = {},
): Promise<Collected> {
  await using _alone = await lockFile(store.paths.collectLock, { signal })
  const roots = (await store.entries()).filter(isRoot)
  if (!dryRun) await changeIndex(store.paths, (entries) => entries.filter(isRoot), { signal })
  if (!dryRun) await removeTemporaries(store.paths, { signal })
  const live = await liveDigests(store, roots, { signal })
  const blobs: { digest: Digest; size: number }[] = []
  for (const { digest, path } of await allBlobs(store)) {
    if (live.has(digest)) continue
    const size = (await statOrNothing(path))?.size ?? 0
    if (!dryRun) await rm(path, { force: true })
    blobs.push({ digest, size })
  }
  const abandoned = await removeAbandoned(store.paths.ingest, dryRun)
  return { blobs, bytes: blobs.reduce((sum, { size }) => sum + size, abandoned) }
}

async function liveDigests(store: LayoutStore, roots: Entries, options: Signalled): Promise<Set<Digest>> {
  const live = new Set(await leasedDigests(store.paths))
  const visited = new Set<Digest>()
  const queue: Descriptor[] = [...roots]
  for (let blob = queue.pop(); blob; blob = queue.pop()) {
    live.add(blob.digest)
    const isParent = roots.includes(blob) ? isTree(blob) : hasSuccessors(blob)
    if (visited.has(blob.digest) || !isParent || !(await store.has(blob))) continue
    visited.add(blob.digest)
    queue.push(...(await successors(blob, await readVerified(store, blob, options), store, options)))
  }
  return live
}

/** Clears what a process left that was killed between writing a small file and giving it its name. */
async function removeTemporaries(
  { root, leases, indexLock }: LayoutPaths,
  options: Signalled,
): Promise<void> {
  await using _lock = await lockFile(indexLock, options)
  for (const folder of [root, leases]) {
    const names = await readdir(folder)
    for (const name of names) if (name.endsWith('.tmp')) await rm(join(folder, name), { force: true })
  }
}

async function allBlobs(store: LayoutStore): Promise<{ digest: Digest; path: string }[]> {
  const blobs: { digest: Digest; path: string }[] = []
  for (const algorithm of await readdir(store.paths.blobs)) {
    for (const hex of await readdir(join(store.paths.blobs, algorithm))) {
      const digest = `${algorithm}:${hex}`
      if (isDigest(digest)) blobs.push({ digest, path: store.paths.blob(digest) })
    }
  }
  return blobs
}

/** Clears what no process writes any more. @returns its bytes */
async function removeAbandoned(folder: string, dryRun: boolean): Promise<number> {
  let bytes = 0
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const found = await statOrNothing(path)
    const isResumable = name.endsWith('.part') && Date.now() - (found?.mtimeMs ?? 0) < PARTIAL_KEPT_MS
    if (found && !isResumable && (await removeUnheld(path, { dryRun }))) bytes += found.size
  }
  return bytes
}
