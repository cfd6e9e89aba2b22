import { contentStoreContract } from './contract.ts'
import { MemoryStore } from './memory-store.ts'

contentStoreContract('MemoryStore', async () => ({
  store: new MemoryStore(),
  async [Symbol.asyncDispose]() {},
}))
