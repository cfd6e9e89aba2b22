import { readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isOvmsError } from '../base/error.ts'
import { exists, makeFolder, syncFolder } from '../base/files.ts'
import type { Digest } from '../model/digest.ts'
import { LayoutStore } from './layout-store.ts'

/** Many repositories in one folder, each an OCI image layout of its own: what the embedded registry keeps. */
export class LayoutRepositories {
  readonly #root: string
  readonly #open = new Map<string, Promise<LayoutStore>>()

  constructor(root: string) {
    this.#root = root
  }

  /** @param name a repository name that was parsed, so it holds no `..` and no characters but its grammar's */
  async find(name: string): Promise<LayoutStore | undefined> {
    if (!this.#open.has(name) && !(await exists(this.#folder(name)))) return undefined
    return this.create(name)
  }

  create(name: string): Promise<LayoutStore> {
    const known = this.#open.get(name)
    if (known) return known
    const opening = this.#make(name)
    this.#open.set(name, opening)
    // A failure is not remembered: the disk may have room again.
    opening.catch(() => this.#open.delete(name))
    return opening
  }

  async list(): Promise<readonly string[]> {
    const folders = await readdir(this.#root).catch(() => [])
    return folders.map((folder) => folder.replaceAll('+', '/')).toSorted()
  }

  /** Takes a tag away; what it stood for stays under its digest. @throws {OvmsError} `reference-unknown` */
  untag(repository: LayoutStore, tag: string): Promise<void> {
    return repository.untag(tag)
  }

  /** Takes a blob or manifest away, and all its tags first, so that none leads nowhere. */
  async erase(repository: LayoutStore, digest: Digest): Promise<void> {
    await repository.remove(digest).catch((error: unknown) => {
      if (!isOvmsError(error, 'reference-unknown')) throw error
    })
    const path = repository.pathOf(digest)
    await rm(path, { force: true })
    await syncFolder(dirname(path))
  }

  async #make(name: string): Promise<LayoutStore> {
    await makeFolder(this.#root)
    return LayoutStore.create(this.#folder(name))
  }

  /** `+` is in no repository name, so it can stand for the slash, and no name is a folder within another's layout. */
  #folder(name: string): string {
    return join(this.#root, name.replaceAll('/', '+'))
  }
}
