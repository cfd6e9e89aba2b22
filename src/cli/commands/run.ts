import { type Command, InvalidArgumentError, Option } from 'commander'
import type { DaemonClient } from '../../api/client.ts'
import type { InstanceStatus } from '../../api/instance-status.ts'
import type { StartRequest } from '../../api/start-request.ts'
import { isOvmsError, OvmsError } from '../../base/error.ts'
import type { PullPolicy } from '../../packaging/obtain.ts'
import { attach } from '../attach.ts'
import type { Context } from '../context.ts'
import { isPath } from '../path.ts'

interface Options {
  readonly detach?: boolean
  readonly name?: string
  readonly cpus?: number
  readonly memory?: string
  readonly args?: string
  readonly publish?: readonly PortRule[]
  readonly accel?: string
  readonly pull: PullPolicy
  readonly offline?: boolean
  readonly rm?: boolean
  readonly platform?: string
}

interface PortRule {
  readonly host: number
  readonly guest: number
  readonly protocol?: 'tcp' | 'udp'
}

export function define(command: Command, context: Context): void {
  command
    .argument('<artifact>', 'artifact by name or digest; a path of an unpacked one or of an OCI layout')
    .option('-d, --detach', 'print the id and leave the machine running')
    .option('--name <name>', 'name of the machine (default: made up)')
    .option('--cpus <number>', 'virtual processors', parseCpus)
    .option('--memory <size>', 'memory, as 512M or 2G')
    .option('--args <text>', "kernel command line instead of the artifact's")
    .option(
      '-p, --publish <host:guest[/protocol]>',
      'forward a port of 127.0.0.1 to the guest (repeatable)',
      collectPort,
    )
    .addOption(new Option('--accel <kind>', 'acceleration').choices(['auto', 'kvm', 'hvf', 'tcg']))
    .addOption(
      new Option('--pull <policy>', 'when to fetch')
        .choices(['always', 'missing', 'never'])
        .default('missing'),
    )
    .option('--platform <architecture>', 'part of an index to run (default: for this host)')
    .option('--offline', 'never talk to a registry')
    .option('--rm', 'remove the machine when it has stopped')
    .addHelpText('after', EXAMPLES)
    .action((text: string, options: Options) => runRun(text, options, context))
}

const EXAMPLES = `
Attached, the machine's console is shown; Ctrl-C asks the machine to power off, a second one ends it.

Examples:
  ovm run registry.example.com/team/web:1
  ovm run web:1 -d --name web -p 8080:80 --memory 1G --cpus 2
  ovm run ./unpacked --rm`

async function runRun(text: string, options: Options, context: Context): Promise<void> {
  const { output } = context
  const client = await context.daemon()
  const status = isPath(text)
    ? await startPath(text, options, context, client)
    : await startNamed(text, options, context, client)
  if (status.notice !== undefined) output.suggest(status.notice)
  if (options.detach) {
    if (output.json) return output.document(status)
    output.line(status.instance_id)
    return output.suggest(`Watch it with "ovm logs -f ${status.name ?? status.instance_id.slice(0, 12)}"`)
  }
  const final = await attached(client, status, options, context)
  if (output.json) output.document(final)
  if (final.state === 'error') throw failure(final)
}

async function attached(
  client: DaemonClient,
  status: InstanceStatus,
  { rm = false }: Options,
  context: Context,
): Promise<InstanceStatus> {
  try {
    return await attach(client, status, context)
  } finally {
    if (rm) await client.remove(status.instance_id, { force: true })
  }
}

/** The daemon is asked first, because the artifact is mostly here; only a missing one is fetched, where it can be shown. */
async function startNamed(
  text: string,
  options: Options,
  context: Context,
  client: DaemonClient,
): Promise<InstanceStatus> {
  const { pull, offline = false, platform } = options
  const { signal, output, openRepository } = context
  if (pull !== 'always' || offline) {
    try {
      return await client.start(request(text, options), { signal })
    } catch (error) {
      if (!isOvmsError(error, 'reference-unknown')) throw error
    }
  }
  const { Progress, localName, obtain } = await import('../fetching.ts')
  const store = await context.openStore()
  output.interruptHint = 'Nothing is half-done. Run the same command again: it goes on where it stopped'
  using progress = new Progress(output)
  const named = await localName(store, text)
  const { name } = await obtain({ store, openRepository }, named, {
    pull,
    offline,
    signal,
    architecture: platform,
    onEvent: progress.onEvent,
  })
  progress.finish()
  return client.start(request(name, options), { signal })
}

/** What lies in the user's folders is read here, with the user's rights, and not by the daemon. */
async function startPath(
  path: string,
  options: Options,
  context: Context,
  client: DaemonClient,
): Promise<InstanceStatus> {
  const { signal, output } = context
  const { Progress, importPath } = await import('../fetching.ts')
  const store = await context.openStore()
  using progress = new Progress(output)
  await using lease = await store.lease({ signal })
  const root = await importPath(context, path, lease, progress.onEvent)
  progress.finish()
  return await client.start(request(root.digest, options), { signal })
}

function request(
  manifest: string,
  { name, cpus, memory, args, publish, accel, platform }: Options,
): StartRequest {
  return {
    manifest,
    overrides: {
      pull: 'never',
      ...(name !== undefined && { name }),
      ...(platform !== undefined && { architecture: platform }),
      ...(cpus !== undefined && { cpus }),
      ...(memory !== undefined && { memory }),
      ...(args !== undefined && { kernel_args: args }),
      ...(publish && { ports: [...publish] }),
      ...(accel !== undefined && { acceleration: accel as 'auto' }),
    },
  }
}

function failure({ error }: InstanceStatus): OvmsError {
  return new OvmsError('hypervisor-failed', error?.detail ?? 'The machine ended in an error', {
    hint: 'See "ovm logs" of the machine, and "ovm doctor"',
  })
}

function parseCpus(text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('A whole number from 1 is needed')
}

function collectPort(text: string, before: readonly PortRule[] = []): readonly PortRule[] {
  const [, host, guest, protocol] = /^(\d{1,5}):(\d{1,5})(?:\/(tcp|udp))?$/.exec(text) ?? []
  if (host === undefined || guest === undefined || Number(host) > 65_535 || Number(guest) > 65_535) {
    throw new InvalidArgumentError('It is written HOST:GUEST, as 8080:80 or 5353:53/udp')
  }
  return [
    ...before,
    { host: Number(host), guest: Number(guest), ...(protocol && { protocol: protocol as 'tcp' }) },
  ]
}
