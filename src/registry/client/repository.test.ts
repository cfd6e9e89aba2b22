import { MemoryRepositories } from '../../../test/support/memory-repositories.ts'
import { startRegistry } from '../../../test/support/registries.ts'
import { contentStoreContract } from '../../content/contract.ts'

contentStoreContract('RegistryRepository, against our registry over layouts,', async () => {
  const registry = await startRegistry()
  return {
    store: registry.repository('team/demo'),
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  }
})

contentStoreContract('RegistryRepository, against our registry over memory,', async () => {
  const registry = await startRegistry(new MemoryRepositories())
  return {
    store: registry.repository('team/demo'),
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  }
})
