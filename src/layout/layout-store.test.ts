import { join } from 'node:path'
import { temporaryFolder } from '../../test/support/folders.ts'
import { contentStoreContract } from '../content/contract.ts'
import { LayoutStore } from './layout-store.ts'

contentStoreContract('LayoutStore', async () => {
  const folder = await temporaryFolder()
  const store = await LayoutStore.create(join(folder.path, 'store'))
  return { store, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
})
