import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseStartRequest } from '../api/start-request.ts'
import { interruption } from '../base/signal.ts'
import type { Hypervisor } from '../machine/hypervisor.ts'
import type { ImageStore } from '../machine/image-store.ts'
import { Instances } from '../machine/instances.ts'
import type { Obtain } from './context.ts'
import { lockHome } from './home-lock.ts'
import { createServer } from './server.ts'
import { listenPrivately, prepareSocket } from './socket.ts'

export interface DaemonOptions {
  /** Instances live below it; one daemon at a time looks after it. */
  readonly home: string
  readonly socketPath: string
  /** By the name under which they are chosen; the first is the default. */
  readonly hypervisors: Readonly<Record<string, Hypervisor>>
  readonly store: ImageStore
  readonly obtain: Obtain
  /** Of the program. */
  readonly version: string
  /** Told what nobody waits for but somebody may look for. */
  readonly log?: (message: string) => void
}

export interface Daemon {
  /**
   * Finds the machines that still run, then takes requests.
   *
   * @throws {OvmsError} `socket-in-use`, `usage`
   */
  listen(): Promise<void>
  /** Ends what is going on; machines go on running. */
  close(): Promise<void>
}

/** The runtime daemon. Nothing happens before it listens. */
export function createDaemon(options: DaemonOptions): Daemon {
  let running: AsyncDisposable | undefined
  return {
    listen: async () => {
      running = await run(options)
    },
    close: async () => {
      await running?.[Symbol.asyncDispose]()
      running = undefined
    },
  }
}

async function run({ home, socketPath, hypervisors, store, obtain, version, log = () => {} }: DaemonOptions) {
  await using undo = new AsyncDisposableStack()
  undo.use(await lockHome(home))
  await prepareSocket(socketPath)
  const instances = await Instances.open({ root: join(home, 'instances'), store, hypervisors, log })
  undo.defer(() => instances.detach())
  const ending = new AbortController()
  const app = createServer({ home, version, instances, obtain, closing: ending.signal, log })
  undo.defer(async () => {
    ending.abort(interruption('The daemon ends'))
    await app.close()
    await rm(socketPath, { force: true })
  })
  await listenPrivately(() => app.listen({ path: socketPath }), socketPath)
  warmUp(hypervisors)
  return undo.move()
}

/** The first start shall not wait for what every start needs to know. What fails here fails again there, with words. */
function warmUp(hypervisors: DaemonOptions['hypervisors']): void {
  setImmediate(() => parseStartRequest({ manifest: 'compiles the schema' }))
  for (const hypervisor of Object.values(hypervisors)) hypervisor.probe().catch(() => {})
}
