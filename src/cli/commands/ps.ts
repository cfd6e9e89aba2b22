import type { Command } from 'commander'
import type { InstanceStatus } from '../../api/instance-status.ts'
import { formatDuration } from '../../base/duration.ts'
import type { Context } from '../context.ts'
import { plain } from '../print/style.ts'
import { formatTable } from '../print/table.ts'

export function define(command: Command, context: Context): void {
  command
    .option('-a, --all', 'also machines that have stopped')
    .addHelpText('after', '\nExamples:\n  ovm ps\n  ovm ps -a --json')
    .action(({ all = false }: { all?: boolean }) => runPs(all, context))
}

async function runPs(all: boolean, context: Context): Promise<void> {
  const { output, signal } = context
  const client = await context.daemon()
  const instances = (await client.list({ signal })).filter(({ state }) => all || isAlive(state))
  if (output.json) return output.document(instances)
  if (output.quiet) {
    for (const { instance_id } of instances) output.line(instance_id)
    return
  }
  if (instances.length === 0)
    return output.say(all ? 'No machines.' : 'No machines run. See stopped ones with "ovm ps -a".')
  const titles = ['ID', 'NAME', 'ARTIFACT', 'STATE', 'UPTIME', 'PORTS']
  output.line(
    formatTable(
      titles.map((title) => ({ title })),
      instances.map(toCells),
    ),
  )
}

function isAlive(state: InstanceStatus['state']): boolean {
  return state === 'starting' || state === 'running' || state === 'stopping'
}

function toCells({ instance_id, name, manifest, state, uptime_ms, ports }: InstanceStatus): string[] {
  return [
    instance_id.slice(0, 12),
    plain(name ?? ''),
    plain(manifest ?? ''),
    state,
    isAlive(state) && uptime_ms !== undefined ? formatDuration(uptime_ms) : '-',
    (ports ?? []).map(({ host, guest, protocol }) => `${host}→${guest}/${protocol ?? 'tcp'}`).join(', ') ||
      '-',
  ]
}
