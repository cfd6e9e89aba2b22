import { type Command, InvalidArgumentError } from 'commander'
import type { DaemonClient } from '../../api/client.ts'
import { parseDuration } from '../../base/duration.ts'
import { OvmsError } from '../../base/error.ts'
import { sleep } from '../../base/signal.ts'
import type { Context } from '../context.ts'

/** How often the state is asked for while a machine stops, ms. */
const POLL_MS = 50

interface Options {
  readonly timeout?: number
  readonly force?: boolean
}

export function define(command: Command, context: Context): void {
  command
    .argument('<machine...>', 'ids, beginnings of ids, or names')
    .option(
      '--timeout <duration>',
      'how long a machine may take to power off, as 10s (default: 10s)',
      parseTimeout,
    )
    .option('--force', 'end it at once, without asking the guest')
    .addHelpText('after', '\nExamples:\n  ovm stop web\n  ovm stop --timeout 5s web db')
    .action((machines: readonly string[], options: Options) => runStop(machines, options, context))
}

async function runStop(machines: readonly string[], options: Options, context: Context): Promise<void> {
  const { output, signal } = context
  const client = await context.daemon()
  const stopped = await Promise.all(machines.map((machine) => stopOne(client, machine, options, signal)))
  if (output.json) return output.document(stopped)
  for (const { instance_id } of stopped) output.line(instance_id)
}

async function stopOne(
  client: DaemonClient,
  machine: string,
  { timeout, force }: Options,
  signal: AbortSignal,
) {
  const { instance_id } = await client.status(machine, { signal })
  await client.stop(
    { instance_id, ...(timeout !== undefined && { timeout_ms: timeout }), ...(force && { force }) },
    { signal },
  )
  for (;;) {
    const status = await client.status(instance_id, { signal })
    if (status.state === 'stopped') return status
    if (status.state === 'error')
      throw new OvmsError('hypervisor-failed', status.error?.detail ?? `${machine} ended in an error`)
    await sleep(POLL_MS, { signal })
  }
}

function parseTimeout(text: string): number {
  const ms = parseDuration(text)
  if (ms !== undefined) return ms
  throw new InvalidArgumentError('A duration as 500ms, 10s or 2m is needed')
}
