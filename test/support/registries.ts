import { LayoutRepositories } from '../../src/layout/repositories.ts'
import type { RemoteReference } from '../../src/model/reference.ts'
import { RegistryRepository } from '../../src/registry/client/repository.ts'
import { RegistryServer } from '../../src/registry/server/server.ts'
import type { ServerStorage } from '../../src/registry/server/storage.ts'
import { temporaryFolder } from './folders.ts'

export interface TestRegistry extends AsyncDisposable {
  /** Registry part of a reference, on 127.0.0.1. */
  readonly address: string
  /** One line for each request: method, path, status. */
  readonly requests: string[]
  /** A client of a repository; ends with the registry. */
  repository(name: string): RegistryRepository
  /** The client for a reference, as `pull` wants it. */
  readonly openRepository: (reference: RemoteReference) => Promise<RegistryRepository>
}

/** Our registry over layouts in a folder of its own, or over `storage`. */
export async function startRegistry(storage?: ServerStorage): Promise<TestRegistry> {
  await using undo = new AsyncDisposableStack()
  const requests: string[] = []
  const log = (line: string) => {
    requests.push(line)
  }
  const root = storage ? undefined : undo.use(await temporaryFolder())
  const server = undo.use(
    new RegistryServer({ storage: storage ?? new LayoutRepositories(root?.path ?? ''), log }),
  )
  const address = await server.listen()
  const clients = undo.use(new AsyncDisposableStack())
  const openClient = (reference: RemoteReference) => clients.use(new RegistryRepository(reference))
  const repository = (name: string) => openClient({ registry: address, repository: name })
  const end = undo.move()
  const openRepository = async (reference: RemoteReference) => openClient(reference)
  return { address, requests, repository, openRepository, [Symbol.asyncDispose]: () => end.disposeAsync() }
}
