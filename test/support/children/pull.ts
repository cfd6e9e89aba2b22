/** STORE REFERENCE [KILL_AT]: pulls, and kills itself at the event of that number. Prints what was moved and kept. */
import { LayoutStore } from '../../../src/layout/layout-store.ts'
import { parseReference, type RemoteReference } from '../../../src/model/reference.ts'
import { pull } from '../../../src/packaging/obtain.ts'
import { RegistryRepository } from '../../../src/registry/client/repository.ts'
import { killer } from './killer.ts'

const [root = '', reference = '', killAt] = process.argv.slice(2)
const store = await LayoutStore.create(root)
const openRepository = async (each: RemoteReference) => new RegistryRepository(each)
const options = { onEvent: killer(killAt) }
const { result } = await pull(
  { store, openRepository },
  parseReference(reference) as RemoteReference,
  options,
)
console.log(JSON.stringify({ moved: result.moved, kept: result.kept }))
