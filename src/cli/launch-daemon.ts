import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DaemonClient } from '../api/client.ts'
import { isOvmsError, OvmsError } from '../base/error.ts'
import { makeFolder } from '../base/files.ts'
import { type Signalled, sleep } from '../base/signal.ts'

/** How long a daemon may take until it answers, ms; it takes a tenth of a second, on a busy host a few. */
const START_MS = 15_000
const POLL_MS = 15

/** Characters of the daemon's log that are told when it does not come up. */
const LOG_TAIL = 600

export interface DaemonPlace extends Signalled {
  readonly home: string
  readonly socketPath: string
  /** The program and its first arguments that make an `ovm`. */
  readonly program: readonly [string, ...string[]]
}

/** The client of the daemon that listens there now, or nothing. */
export async function findDaemon({
  socketPath,
  signal,
}: Pick<DaemonPlace, 'socketPath' | 'signal'>): Promise<DaemonClient | undefined> {
  const client = new DaemonClient(socketPath)
  try {
    await client.health({ signal })
    return client
  } catch (error) {
    if (isOvmsError(error, 'daemon-unreachable')) return undefined
    throw error
  }
}

/**
 * The client of the daemon, which is started when none runs: nobody has to set one up.
 *
 * @throws {OvmsError} `daemon-unreachable` with what the daemon said last
 */
export async function launchDaemon(place: DaemonPlace): Promise<DaemonClient> {
  const running = await findDaemon(place)
  if (running) return running
  await makeFolder(place.home, 0o700)
  const logPath = join(place.home, 'daemon.log')
  await using log = await open(logPath, 'a', 0o600)
  const [program, ...first] = place.program
  const before = (await log.stat()).size
  const child = spawn(program, [...first, 'daemon', '--on-demand', '--socket', place.socketPath], {
    // A group of its own: Ctrl-C in this terminal is not meant for it.
    detached: true,
    // The folder of this terminal may be deleted or unmounted one day.
    cwd: place.home,
    env: { ...process.env, OVM_HOME: place.home },
    stdio: ['ignore', log.fd, log.fd],
  })
  const ended = once(child, 'exit').then(() => true)
  child.unref()
  const end = Date.now() + START_MS
  while (Date.now() < end) {
    const client = await findDaemon(place)
    if (client) return client
    const isOver = await Promise.race([ended, sleep(POLL_MS, place).then(() => false)])
    // One that another command started at the same moment may have won the socket.
    if (isOver) return (await findDaemon(place)) ?? (await refuse(logPath, before, place.socketPath))
  }
  // One that does not answer in time would go on unseen.
  child.kill('SIGKILL')
  return refuse(logPath, before, place.socketPath)
}

/** @param before bytes of the log that are of earlier daemons */
async function refuse(logPath: string, before: number, socketPath: string): Promise<never> {
  const log = await readFile(logPath).catch(() => Buffer.alloc(0))
  const said = log.subarray(before).toString('utf8').slice(-LOG_TAIL).trim()
  throw new OvmsError(
    'daemon-unreachable',
    `The daemon does not answer at ${socketPath}${said === '' ? '' : `; it said: ${said}`}`,
    {
      actual: socketPath,
      hint: 'Run "ovm daemon" in another terminal to see why',
    },
  )
}
