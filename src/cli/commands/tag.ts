import type { Command } from 'commander'
import { fullName } from '../../packaging/obtain.ts'
import type { Context } from '../context.ts'
import { localName } from '../target.ts'

export function define(command: Command, context: Context): void {
  command
    .argument('<reference>', 'artifact in the local store, by name or digest')
    .argument('<name>', 'another name for it')
    .addHelpText('after', '\nExamples:\n  ovm tag web:1 registry.example.com/team/web:1')
    .action((source: string, target: string) => runTag(source, target, context))
}

async function runTag(source: string, target: string, { output, signal, openStore }: Context): Promise<void> {
  const store = await openStore()
  const name = fullName(target)
  const root = await store.resolve(await localName(store, source), { signal })
  await store.tag(name, root, { signal })
  if (output.json) return output.document({ name, digest: root.digest })
  output.line(output.quiet ? name : `${name}  ${root.digest}`)
}
