/** `ovms/testing`: what a store written by others is held to, and the fakes that OVMS tests itself with. */

export { contentStoreContract, type StoreUnderTest } from './content/contract.ts'
export { MemoryStore } from './content/memory-store.ts'
