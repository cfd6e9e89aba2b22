import type { Command } from 'commander'
import { formatBytes } from '../../base/bytes.ts'
import { copy } from '../../content/copy.ts'
import type { Context } from '../context.ts'
import { Progress } from '../print/progress.ts'
import { localName } from '../target.ts'

export function define(command: Command, context: Context): void {
  command
    .argument('<reference...>', 'artifacts in the local store')
    .requiredOption('-o, --output <file>', 'archive to write')
    .addHelpText(
      'after',
      '\nExamples:\n  ovm save web:1 -o web.tar\n  ovm save web:1 db:3 -o all.tar      # shared blobs once',
    )
    .action((references: readonly string[], { output }: { output: string }) =>
      runSave(references, output, context),
    )
}

async function runSave(references: readonly string[], path: string, context: Context): Promise<void> {
  const { output, signal } = context
  const store = await context.openStore()
  const names = await Promise.all(references.map((reference) => localName(store, reference)))
  using progress = new Progress(output)
  await using archive = await context.createArchive(path)
  for (const name of names) {
    await copy({ store, name }, { store: archive, name }, { signal, onEvent: progress.onEvent })
  }
  const size = await archive.finish()
  progress.finish()
  if (output.json) return output.document({ file: path, names, size })
  output.line(output.quiet ? path : `${path}  ${formatBytes(size)}`)
  output.suggest(`Read it elsewhere with "ovm load -i ${path}"`)
}
