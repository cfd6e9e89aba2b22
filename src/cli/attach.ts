import type { DaemonClient } from '../api/client.ts'
import type { InstanceStatus } from '../api/instance-status.ts'
import type { LogRecord } from '../api/log-record.ts'
import { interruption } from '../base/signal.ts'
import type { Context } from './context.ts'
import type { Output } from './print/output.ts'
import { plain } from './print/style.ts'

/** How long a machine may take to power off after the first Ctrl-C, ms. */
const STOP_TIMEOUT_MS = 30_000

/**
 * Shows the console of a machine until it ends. The first interruption asks the machine to power off, the next one
 * ends it; the machine is never left behind by accident.
 *
 * @returns its last status
 */
export async function attach(
  client: DaemonClient,
  { instance_id: id }: InstanceStatus,
  context: Context,
): Promise<InstanceStatus> {
  const { output, signal } = context
  let presses = 0
  const onInterrupt = () => {
    presses++
    output.say(presses === 1 ? '\nPowering off. Press Ctrl-C again to end it at once.' : '\nEnding it.')
    client.stop({ instance_id: id, timeout_ms: STOP_TIMEOUT_MS, force: presses > 1 }, {}).catch(() => {})
  }
  // SIGTERM, or a terminal that went away: nobody is there to press again.
  const onAbort = () => void client.stop({ instance_id: id }, {}).catch(() => {})
  context.interrupts.add(onInterrupt)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    for await (const record of client.logs(id, { follow: true }))
      if (record.stream !== 'lifecycle') printRecord(record, output)
  } finally {
    context.interrupts.delete(onInterrupt)
    signal.removeEventListener('abort', onAbort)
  }
  const final = await client.status(id, {})
  if (presses > 0 && !signal.aborted) process.exitCode = 130
  if (signal.aborted) throw interruption()
  return final
}

/** Console bytes go to stdout as the guest wrote them, what others say of the machine to stderr. */
export function printRecord({ stream, line, partial, base64 }: LogRecord, output: Output): void {
  if (stream !== 'console') return output.say(`${output.talkStyle.dim(`${stream}:`)} ${plain(line)}`)
  if (output.json) return
  output.stdout.write(base64 === undefined ? line : Buffer.from(base64, 'base64'))
  if (!partial) output.stdout.write('\n')
}
