import { chmod, type FileHandle, link, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isOvmsError } from '../base/error.ts'
import { createHeld, openHeld } from '../base/file-lock.ts'
import { makeFolder, statOrNothing, storeError, syncFolder } from '../base/files.ts'
import { sleep } from '../base/signal.ts'
import type { Bytes, Opener } from '../base/streams.ts'
import type { PutOptions } from '../content/ports.ts'
import { checkDigest, refuseSize } from '../content/verified.ts'
import type { Descriptor } from '../model/descriptor.ts'
import { algorithmOf, type Digest, Digester } from '../model/digest.ts'
import { SparseWriter } from './sparse-writer.ts'

/** How often a process that waits for another one's download looks again, ms. */
const POLL_MS = 50

/** Bytes of a partial blob that are read at once when they are hashed again. */
const READ_BYTES = 1024 * 1024

export interface Ingest {
  readonly blob: Descriptor
  /** Where the bytes gather; survives an interruption, so that the next attempt goes on there. */
  readonly partial: string
  /** Where they are visible when they have been verified. */
  readonly final: string
}

/**
 * Brings a blob into the store: gathers, hashes while it gathers, makes it durable and only then visible. Of several
 * processes that want the same blob one fetches and the others wait; an interrupted attempt is continued.
 *
 * @throws {OvmsError} `digest-mismatch`, `size-mismatch`, `store-full`, `store-failed`
 */
export async function ingest(target: Ingest, source: Opener, options: PutOptions = {}): Promise<void> {
  const file = await acquire(target, options)
  if (file === undefined) return options.onBytes?.(target.blob.size, 'kept')
  try {
    await fill(file, target, source, options)
    await publish(file, target.partial, target.final)
  } catch (cause) {
    const error = storeError(cause, target.partial)
    if (isOvmsError(error, 'digest-mismatch', 'size-mismatch', 'store-full'))
      await rm(target.partial, { force: true })
    throw error
  } finally {
    await file.close()
  }
}

/** Opens and locks the partial file; undefined when the blob is there, which another process may bring about. */
async function acquire(target: Ingest, { signal }: PutOptions): Promise<FileHandle | undefined> {
  for (;;) {
    signal?.throwIfAborted()
    if (await isPresent(target)) return undefined
    const file = await openHeld(target.partial).catch((cause: unknown) => {
      throw storeError(cause, target.partial)
    })
    if (file && !(await isPresent(target))) return file
    // Whoever held the partial file before us finished it: ours is a new one, of no use.
    if (file) await rm(target.partial, { force: true })
    await file?.close()
    if (!file) await sleep(POLL_MS, { signal })
  }
}

/** A file of another size is no blob but what a damage left of it: it is fetched again, and replaced. */
async function isPresent({ blob, final }: Ingest): Promise<boolean> {
  return (await statOrNothing(final))?.size === blob.size
}

async function fill(file: FileHandle, { blob }: Ingest, source: Opener, options: PutOptions): Promise<void> {
  const digester = new Digester(algorithmOf(blob.digest))
  const from = await rehash(file, blob, digester)
  if (from > 0) options.onBytes?.(from, 'kept')
  await receive({ file, blob, source, from, digester }, options)
  const actual = digester.digest()
  if (actual === blob.digest) return
  if (from === 0) return checkDigest(blob.digest, actual)
  // What lay there may have been damaged by a power cut: one more attempt, from the first byte.
  await file.truncate(0)
  const again = new Digester(algorithmOf(blob.digest))
  await receive({ file, blob, source, from: 0, digester: again }, options)
  checkDigest(blob.digest, again.digest())
}

/** Hashes the bytes an earlier attempt left. @returns how many they are; 0 where they cannot be the beginning */
async function rehash(file: FileHandle, blob: Descriptor, digester: Digester): Promise<number> {
  const { size } = await file.stat()
  if (size > blob.size) {
    await file.truncate(0)
    return 0
  }
  const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, size))
  for (let position = 0; position < size; ) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position)
    if (bytesRead === 0) break
    digester.update(buffer.subarray(0, bytesRead))
    position += bytesRead
  }
  return digester.size
}

interface Receiving {
  readonly file: FileHandle
  readonly blob: Descriptor
  readonly source: Opener
  /** Bytes that are there, and hashed. */
  readonly from: number
  readonly digester: Digester
}

async function receive(
  { file, blob, source, from, digester }: Receiving,
  { signal, onBytes }: PutOptions,
): Promise<void> {
  const writer = new SparseWriter(file, from)
  try {
    if (from < blob.size || blob.size === 0) {
      for await (const chunk of await source(from, { signal })) {
        signal?.throwIfAborted()
        digester.update(chunk)
        if (digester.size > blob.size) refuseSize(blob, `more than ${blob.size}`, digester.size)
        await writer.write(chunk)
        onBytes?.(chunk.length, 'moved')
      }
    }
  } catch (error) {
    // All that has arrived counts for the next attempt, also what was still being gathered.
    await writer.finish().catch(() => {})
    throw error
  }
  if (digester.size !== blob.size) refuseSize(blob, `${digester.size}`, digester.size)
  await writer.finish()
}

/**
 * Brings bytes into the store whose digest is not known before.
 *
 * @param place told the digest before the blob is visible; answers where it belongs
 * @throws {OvmsError} `store-full`, `store-failed`
 */
export async function ingestNameless(
  bytes: Bytes,
  nameless: string,
  place: (digest: Digest) => Promise<string>,
  { signal, onBytes }: PutOptions = {},
): Promise<{ readonly digest: Digest; readonly size: number }> {
  const file = await createHeld(nameless).catch((cause: unknown) => {
    throw storeError(cause, nameless)
  })
  try {
    const writer = new SparseWriter(file)
    const digester = new Digester()
    for await (const chunk of bytes) {
      signal?.throwIfAborted()
      digester.update(chunk)
      await writer.write(chunk)
      onBytes?.(chunk.length, 'moved')
    }
    await writer.finish()
    const { size } = digester
    const digest = digester.digest()
    await publish(file, nameless, await place(digest))
    return { digest, size }
  } catch (cause) {
    await rm(nameless, { force: true })
    throw storeError(cause, nameless)
  } finally {
    await file.close()
  }
}

/**
 * Makes a complete file durable, read-only and visible, in this order. A blob that is there already stays: a running
 * machine may have it open, and would keep the old file on the disk beside the new one.
 */
export async function publish(file: FileHandle, from: string, to: string): Promise<void> {
  const [mine, there] = [await file.stat(), await statOrNothing(to)]
  if (there?.size === mine.size) await rm(from, { force: true })
  else await bringTo(file, from, to)
  await syncFolder(dirname(to))
}

async function bringTo(file: FileHandle, from: string, to: string): Promise<void> {
  await file.sync()
  await makeFolder(dirname(to))
  await chmod(from, 0o444)
  await rename(from, to)
}

/** Gives a blob that another layout has to this one too, without copying. @returns whether the file system can */
export async function linkBlob(from: string, to: string): Promise<boolean> {
  try {
    await makeFolder(dirname(to))
    await link(from, to)
    await syncFolder(dirname(to))
    return true
  } catch {
    const [wanted, there] = [await statOrNothing(from), await statOrNothing(to)]
    return wanted !== undefined && wanted.size === there?.size
  }
}
