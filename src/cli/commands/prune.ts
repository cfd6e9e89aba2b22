import type { Command } from 'commander'
import { formatBytes } from '../../base/bytes.ts'
import type { Context } from '../context.ts'

export function define(command: Command, context: Context): void {
  command
    .option('--dry-run', 'only say what would go')
    .addHelpText('after', EXAMPLES)
    .action(({ dryRun = false }: { dryRun?: boolean }) => runPrune(dryRun, context))
}

const EXAMPLES = `
Removes artifacts without a name, blobs that nothing leads to, and downloads nobody came back to for a day.
What a name, a machine or a running transfer needs stays.

Examples:
  ovm prune --dry-run
  ovm prune`

async function runPrune(dryRun: boolean, { output, signal, openStore }: Context): Promise<void> {
  const store = await openStore()
  const { blobs, bytes } = await store.collect({ signal, dryRun, nameless: true })
  if (output.json) return output.document({ dry_run: dryRun, blobs, bytes })
  for (const { digest, size } of blobs) output.line(output.quiet ? digest : `${digest}  ${formatBytes(size)}`)
  output.say(`${dryRun ? 'Would free' : 'Freed'} ${formatBytes(bytes)}`)
}
