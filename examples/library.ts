import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, copy, LayoutRepositories, LayoutStore, pull, RegistryRepository, RegistryServer } from 'ovms'

// A kernel that boots nothing is enough to be sent around.
const folder = await mkdtemp(join(tmpdir(), 'ovms-library-'))
const kernel = join(folder, 'kernel')
await writeFile(kernel, 'a kernel')

// Build: the artifact goes into a store, where a lease holds it until it has a name.
const store = await LayoutStore.create(join(folder, 'store'))
const lease = await store.lease()
const artifact = await build({ kernel: { file: kernel } }, lease, { name: 'tiny', version: '1' })
await lease.tag('tiny:1', artifact.root)
await lease[Symbol.asyncDispose]()

{
  // Push: copied from the store into a registry, here the embedded one.
  await using server = new RegistryServer({ storage: new LayoutRepositories(join(folder, 'registry')) })
  const reference = { registry: await server.listen(), repository: 'demo/tiny', tag: '1' }
  await using repository = new RegistryRepository(reference)
  await copy({ store, name: 'tiny:1' }, { store: repository, name: '1' })

  // Pull: into a second store, every byte verified on its way.
  const second = await LayoutStore.create(join(folder, 'second'))
  const sources = { store: second, openRepository: async () => new RegistryRepository(reference) }
  const { artifact: pulled, result } = await pull(sources, reference)
  console.log(`${result.moved} bytes came through the registry: ${pulled.root.digest}`)
  console.log(pulled.root.digest === artifact.root.digest ? 'the same artifact' : 'something is wrong')
}
await rm(folder, { recursive: true })
