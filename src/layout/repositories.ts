import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { exists, makeFolder } from '../base/files.ts'
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

  async #make(name: string): Promise<LayoutStore> {
    await makeFolder(this.#root)
    return LayoutStore.create(this.#folder(name))
  }

  /** `+` is in no repository name, so it can stand for the slash, and no name is a folder within another's layout. */
  #folder(name: string): string {
    return join(this.#root, name.replaceAll('/', '+'))
  }
}
