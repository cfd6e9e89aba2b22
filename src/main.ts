import { fileURLToPath } from 'node:url'
import { interruption } from './base/signal.ts'
import type { Context } from './cli/context.ts'
import { Output } from './cli/print/output.ts'
import { runProgram } from './cli/program.ts'
import type { RemoteReference } from './model/reference.ts'
import type { RegistryRepository } from './registry/client/repository.ts'
import { homeFolder, socketPath } from './wiring/home.ts'

/**
 * Runs the program with the words of its command line. Here and in `wiring/` backends are named, and nowhere else: what
 * is used where is said by hand. Each part is loaded when it is first used, because a command uses few of them.
 */
export async function main(): Promise<void> {
  const context = createContext()
  process.exitCode = await runProgram(process.argv.slice(2), context)
}

function createContext(): Context {
  const environment = process.env
  const home = homeFolder(environment)
  const output = new Output(environment)
  const interrupts = new Set<() => void>()
  const signal = interruptSignal(interrupts)
  const place = { home, socketPath: socketPath(home, environment), program: ownProgram(), signal }
  const openStore = once(async () => (await import('./layout/layout-store.ts')).LayoutStore.create(home))
  return {
    home,
    socketPath: place.socketPath,
    output,
    signal,
    interrupts,
    environment,
    openStore,
    openRepository,
    openLayout: async (path) => (await import('./layout/foreign-layout.ts')).ForeignLayout.open(path),
    createArchive: async (path) => (await import('./layout/archive-writer.ts')).ArchiveWriter.create(path),
    openArchive: async (path) =>
      (await import('./layout/archive-reader.ts')).ArchiveReader.open(path, { signal }),
    daemon: once(async () => (await import('./cli/launch-daemon.ts')).launchDaemon(place)),
    serveDaemon: async (options) =>
      (await import('./wiring/serve-daemon.ts')).serveDaemon({
        ...options,
        home,
        openStore,
        openRepository,
        output,
        signal,
      }),
    serveRegistry: async (options) =>
      (await import('./wiring/serve-registry.ts')).serveRegistry({ ...options, output, signal }),
    checkHost: async () =>
      (await import('./wiring/check-host.ts')).checkHost({
        home,
        socketPath: place.socketPath,
        openStore,
        signal,
      }),
  }
}

async function openRepository(reference: RemoteReference): Promise<RegistryRepository> {
  const { RegistryRepository } = await import('./registry/client/repository.ts')
  return new RegistryRepository(reference)
}

/** The words that start this very program again, from a checkout and from a package alike. */
function ownProgram(): [string, ...string[]] {
  const entry = fileURLToPath(
    new URL(import.meta.url.endsWith('.ts') ? './ovm.ts' : './ovm.js', import.meta.url),
  )
  return [process.execPath, ...process.execArgv, entry]
}

/**
 * The signal that Ctrl-C, SIGTERM and SIGHUP abort. A second Ctrl-C ends the process where it stands: the store survives that
 * by design.
 */
function interruptSignal(interrupts: ReadonlySet<() => void>): AbortSignal {
  const abort = new AbortController()
  process.on('SIGINT', () => {
    const told = [...interrupts].at(-1)
    if (told) return told()
    if (abort.signal.aborted) process.exit(130)
    abort.abort(interruption())
  })
  for (const name of ['SIGTERM', 'SIGHUP']) process.on(name, () => abort.abort(interruption()))
  // A pipe that its reader closed, as in `ovm ls | head -1`, is no error.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      if (stream === process.stdout) process.exit(0)
    })
  return abort.signal
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}
