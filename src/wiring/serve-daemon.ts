import { basename, dirname, isAbsolute } from 'node:path'
import { exists } from '../base/files.ts'
import { sleep } from '../base/signal.ts'
import type { Output } from '../cli/print/output.ts'
import { VERSION } from '../cli/version.ts'
import { createDaemon } from '../daemon/daemon.ts'
import { ForeignLayout } from '../layout/foreign-layout.ts'
import type { LayoutStore } from '../layout/layout-store.ts'
import { readArtifact, requireConsistent } from '../packaging/artifact.ts'
import { importFolder } from '../packaging/import-folder.ts'
import {
  type Obtained,
  type ObtainOptions,
  type OpenRepository,
  obtain,
  type Sources,
} from '../packaging/obtain.ts'
import { hypervisors } from './hypervisors.ts'

/** How often a daemon that was started on demand looks whether its home is still there, ms. */
const HOME_CHECK_MS = 5000

interface ServeDaemonOptions {
  readonly home: string
  readonly socketPath: string
  /** Started by another command, with a log file instead of a person. */
  readonly onDemand: boolean
  readonly openStore: () => Promise<LayoutStore>
  readonly openRepository: OpenRepository
  readonly output: Output
  readonly signal: AbortSignal
}

/** The daemon until the signal: what `ovm daemon` does. Machines go on without it. */
export async function serveDaemon({
  home,
  socketPath,
  onDemand,
  openStore,
  openRepository,
  output,
  signal,
}: ServeDaemonOptions): Promise<void> {
  const store = await openStore()
  const log = (message: string) => output.stderr.write(`${new Date().toISOString()} ${message}\n`)
  const find = (reference: string, options: ObtainOptions) =>
    isAbsolute(reference)
      ? obtainFolder(store, reference, options)
      : obtainTimed({ store, openRepository }, reference, options)
  const daemon = createDaemon({
    home,
    socketPath,
    hypervisors: hypervisors(home),
    store,
    obtain: find,
    version: VERSION,
    log,
  })
  await daemon.listen()
  if (onDemand) log(`listening at ${socketPath}`)
  else if (output.json) output.record({ socket: socketPath, pid: process.pid })
  else output.line(output.quiet ? socketPath : `Listening at ${socketPath}, keeping ${home}`)
  await untilOver(onDemand ? [home, socketPath] : [], signal)
  await daemon.close()
}

/** Until the signal, or until one of the paths without which the daemon is of no use has been deleted. */
async function untilOver(paths: readonly string[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const found = await Promise.all(paths.map(exists))
    if (found.includes(false)) return
    await sleep(HOME_CHECK_MS, { signal }).catch(() => {})
  }
}

/** A fetch takes in what it took to find out that one was needed. */
async function obtainTimed(
  sources: Sources,
  reference: string,
  options: ObtainOptions,
): Promise<Obtained & { readonly timings: { readonly resolveMs?: number; readonly fetchMs?: number } }> {
  const started = performance.now()
  const obtained = await obtain(sources, reference, options)
  const ms = Math.round(performance.now() - started)
  return { ...obtained, timings: obtained.fetched ? { fetchMs: ms } : { resolveMs: ms } }
}

/** Clients of other makers may name a path; `ovm` itself reads paths in its own process, with its user's rights. */
async function obtainFolder(
  store: LayoutStore,
  path: string,
  options: ObtainOptions,
): Promise<Obtained & { readonly lease: AsyncDisposable }> {
  await using undo = new AsyncDisposableStack()
  const lease = undo.use(await store.lease(options))
  const folder = basename(path) === 'manifest.json' ? dirname(path) : path
  const root = await importFolder(folder, lease, { ...options, openLayout: ForeignLayout.open })
  const artifact = await readArtifact(store, root, options as object)
  requireConsistent(artifact)
  return { artifact, name: path, lease: undo.move() }
}
