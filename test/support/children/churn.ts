/**
 * pull STORE REFERENCE ROUNDS | build STORE BUILD_FILE ROUNDS: makes an artifact, proves that all of it is there, takes
 * its name away, and again, while others collect garbage.
 */
import { readFileSync } from 'node:fs'
import { LayoutStore } from '../../../src/layout/layout-store.ts'
import { formatReference, parseReference, type RemoteReference } from '../../../src/model/reference.ts'
import { build } from '../../../src/packaging/build.ts'
import { parseBuildFile } from '../../../src/packaging/build-file.ts'
import { pull } from '../../../src/packaging/obtain.ts'
import { RegistryRepository } from '../../../src/registry/client/repository.ts'
import { requireWhole } from '../whole.ts'

const [verb, root = '', source = '', rounds] = process.argv.slice(2)
const store = await LayoutStore.create(root)
for (let round = 0; round < Number(rounds); round++) {
  const name = verb === 'pull' ? await pullOnce() : await buildOnce(`local/built:${round}`)
  await requireWhole(store, name)
  await store.remove(name)
}

async function pullOnce(): Promise<string> {
  const reference = parseReference(source) as RemoteReference
  const openRepository = async (each: RemoteReference) => new RegistryRepository(each)
  await pull({ store, openRepository }, reference)
  return formatReference(reference)
}

async function buildOnce(name: string): Promise<string> {
  await using lease = await store.lease()
  const file = parseBuildFile(readFileSync(source, 'utf8'), source)
  const { root: built } = await build(file, lease, { name, version: '1' })
  await lease.tag(name, built)
  return name
}
