import type { Command } from 'commander'
import { formatBytes } from '../../base/bytes.ts'
import type { Context } from '../context.ts'
import { localName } from '../target.ts'

export function define(command: Command, context: Context): void {
  command
    .argument('<reference...>', 'artifacts in the local store, by name or digest')
    .addHelpText(
      'after',
      '\nExamples:\n  ovm rmi web:1 web:2\nBlobs that a machine still needs stay until that machine is removed.',
    )
    .action((references: readonly string[]) => runRmi(references, context))
}

async function runRmi(references: readonly string[], { output, signal, openStore }: Context): Promise<void> {
  const store = await openStore()
  const removed: string[] = []
  for (const reference of references) {
    const name = await localName(store, reference)
    await store.remove(name, { signal })
    removed.push(name)
  }
  const { blobs, bytes } = await store.collect({ signal })
  if (output.json) return output.document({ removed, blobs, bytes })
  for (const name of removed) output.line(name)
  output.say(`Freed ${formatBytes(bytes)}`)
}
