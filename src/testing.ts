/** `ovms/testing`: what a store or hypervisor written by others is held to, and the fakes that OVMS tests itself with. */

export { contentStoreContract, type StoreUnderTest } from './content/contract.ts'
export { MemoryStore } from './content/memory-store.ts'
export { type ContractGuest, type ContractSubject, hypervisorContract } from './machine/contract.ts'
export { type FakeGuest, FakeHypervisor, type FakeOptions } from './machine/fake-hypervisor.ts'
