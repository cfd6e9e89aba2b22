import { serveDistribution } from '../../../bench/registries.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { startRegistry } from '../../support/registries.ts'
import { lacks, programOf } from './tools.ts'

export interface ServedRegistry extends AsyncDisposable {
  readonly address: string
  /** Method, path and status of each request, where the registry is ours. */
  readonly requests: readonly string[]
}

/** Every test that needs a registry runs against each of these. */
export const REGISTRIES = [
  { registry: 'distribution', absent: lacks('registry'), serve: serveTheirs },
  { registry: 'our registry', absent: false, serve: startRegistry },
] as const

async function serveTheirs(): Promise<ServedRegistry> {
  await using undo = new AsyncDisposableStack()
  const folder = undo.use(await temporaryFolder())
  const { address } = undo.use(await serveDistribution(programOf('registry') ?? '', folder.path))
  const end = undo.move()
  return { address, requests: [], [Symbol.asyncDispose]: () => end.disposeAsync() }
}
