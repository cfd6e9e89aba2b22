import { join } from 'node:path'
import { LayoutStore } from '../../src/layout/layout-store.ts'
import { filesBelow, temporaryFolder } from './folders.ts'

export interface TestStore extends AsyncDisposable {
  readonly store: LayoutStore
  readonly root: string
  /** Blobs, as `sha256/<hex>`. */
  blobs(): Promise<readonly string[]>
  /** What lies in `ingest/`, `leases/` and beside `index.json`, but for locks: what a crash may leave. */
  leftovers(): Promise<readonly string[]>
}

/** A new store in a folder of its own. */
export async function newStore(): Promise<TestStore> {
  const folder = await temporaryFolder()
  const opened = await openStore(join(folder.path, 'store'))
  return { ...opened, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

/** The store at `root`, which stays. */
export async function openStore(root: string): Promise<TestStore> {
  const store = await LayoutStore.create(root)
  const files = () => filesBelow(root)
  return {
    store,
    root,
    blobs: async () =>
      (await files()).filter((file) => file.startsWith('blobs/')).map((file) => file.slice(6)),
    leftovers: async () => (await files()).filter((file) => /^(?:ingest|leases)\/|\.tmp$/.test(file)),
    async [Symbol.asyncDispose]() {},
  }
}
