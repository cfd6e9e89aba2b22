import { randomUUID } from 'node:crypto'
import { type FileHandle, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createHeld, removeUnheld } from '../base/file-lock.ts'
import { readTextOrNothing, replaceFile, storeError } from '../base/files.ts'
import { type Digest, isDigest } from '../model/digest.ts'
import type { LayoutPaths } from './paths.ts'

/**
 * A lease keeps blobs from garbage collection though no name leads to them. A *process* lease (`*.process`) lasts while
 * the process that made it lives, which the lock on its file shows; a *held* lease (`*.held`) lasts until it is
 * released, as that of an instance must. One digest a line. spec/store.md
 */
export class ProcessLease implements AsyncDisposable {
  readonly #file: FileHandle
  readonly #path: string
  readonly #digests = new Set<Digest>()

  private constructor(file: FileHandle, path: string) {
    this.#file = file
    this.#path = path
  }

  static async create(paths: LayoutPaths): Promise<ProcessLease> {
    const path = join(paths.leases, `${randomUUID()}.process`)
    try {
      return new ProcessLease(await createHeld(path, 0o600), path)
    } catch (cause) {
      throw storeError(cause, path)
    }
  }

  /** Must be called, under the shared collect lock, before the caller relies on the blob. */
  async protect(digest: Digest): Promise<void> {
    if (this.#digests.has(digest)) return
    try {
      await this.#file.appendFile(`${digest}\n`)
    } catch (cause) {
      throw storeError(cause, this.#path)
    }
    this.#digests.add(digest)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#path, { force: true })
    await this.#file.close()
  }
}

/** Makes or replaces the held lease called `holder`. */
export async function hold(paths: LayoutPaths, holder: string, digests: readonly Digest[]): Promise<void> {
  await replaceFile(
    join(paths.leases, `${holder}.held`),
    digests.map((digest) => `${digest}\n`).join(''),
    0o600,
  )
}

export async function release(paths: LayoutPaths, holder: string): Promise<void> {
  await rm(join(paths.leases, `${holder}.held`), { force: true })
}

/** All that leases protect now; the files of processes that ended are cleared away. Call under the exclusive collect lock. */
export async function leasedDigests(paths: LayoutPaths): Promise<ReadonlySet<Digest>> {
  const all = new Set<Digest>()
  for (const name of await readdir(paths.leases)) {
    const path = join(paths.leases, name)
    if (name.endsWith('.process') && (await removeUnheld(path))) continue
    const text = (await readTextOrNothing(path)) ?? ''
    for (const line of text.split('\n')) if (isDigest(line)) all.add(line)
  }
  return all
}
