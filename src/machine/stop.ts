import { type Signalled, sleep } from '../base/signal.ts'
import type { RunningMachine } from './hypervisor.ts'

/** How long a guest gets to switch itself off, ms. */
export const DEFAULT_STOP_TIMEOUT_MS = 10_000

/** How long the hypervisor gets to write what it holds of the disk and end, ms. */
const QUIT_MS = 3000

export interface StopOptions extends Signalled {
  /** How long the guest gets after the power button. */
  readonly timeoutMs?: number | undefined
  /** The guest is not asked. */
  readonly force?: boolean | undefined
  /** Told of each step, in words. */
  readonly onStep?: (step: string) => void
  /** Told before the last resort. */
  readonly onKill?: () => void
}

/** Ends a machine: power button, then the hypervisor's own end, then SIGKILL. Returns when it has ended. */
export async function stopMachine(machine: RunningMachine, options: StopOptions = {}): Promise<void> {
  const { timeoutMs = DEFAULT_STOP_TIMEOUT_MS, force = false, onStep = () => {}, onKill = () => {} } = options
  if (!force) {
    onStep(`Pressing the power button; the guest has ${timeoutMs} ms`)
    if (await ends(machine, (signalled) => machine.powerDown(signalled), timeoutMs, options)) return
  }
  onStep('Telling the hypervisor to end')
  if (await ends(machine, (signalled) => machine.quit(signalled), QUIT_MS, options)) return
  onStep('Killing the hypervisor')
  onKill()
  machine.kill()
  await machine.exited
}

/** Asks, and waits up to `ms`. Whoever does not even take the question gets the same time. @returns whether it ended */
async function ends(
  machine: RunningMachine,
  ask: (options: Signalled) => Promise<void>,
  ms: number,
  { signal }: Signalled,
): Promise<boolean> {
  const over = new AbortController()
  const both = signal ? AbortSignal.any([signal, over.signal]) : over.signal
  try {
    ask({ signal: both }).catch(() => {})
    const first = await Promise.race([
      machine.exited.then(() => true),
      sleep(ms, { signal: both }).then(() => false),
    ])
    return first
  } finally {
    over.abort()
  }
}
