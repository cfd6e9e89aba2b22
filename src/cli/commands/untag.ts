import type { Command } from 'commander'
import { fullName } from '../../packaging/obtain.ts'
import type { Context } from '../context.ts'

export function define(command: Command, context: Context): void {
  command
    .argument('<name...>', 'names to take away; the artifacts stay, reachable by digest')
    .addHelpText('after', '\nExamples:\n  ovm untag registry.example.com/team/web:1')
    .action((names: readonly string[]) => runUntag(names.map(fullName), context))
}

async function runUntag(names: readonly string[], { output, signal, openStore }: Context): Promise<void> {
  const store = await openStore()
  for (const name of names) await store.untag(name, { signal })
  if (output.json) return output.document({ untagged: names })
  for (const name of names) output.line(name)
  output.suggest('An artifact without a name goes with the next "ovm prune"')
}
