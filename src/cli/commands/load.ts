import { statSync } from 'node:fs'
import type { Command } from 'commander'
import { OvmsError } from '../../base/error.ts'
import { copy, copyTree } from '../../content/copy.ts'
import { isDigest } from '../../model/digest.ts'
import { fullName } from '../../packaging/obtain.ts'
import type { Context, ForeignLayout, StoreEntry } from '../context.ts'
import { Progress } from '../print/progress.ts'

export function define(command: Command, context: Context): void {
  command
    .requiredOption('-i, --input <path>', 'OCI archive, or folder of an OCI image layout')
    .option('-t, --tag <reference>', 'name to give the artifact, when there is only one')
    .addHelpText('after', '\nExamples:\n  ovm load -i web.tar\n  ovm load -i ./layout -t web:1')
    .action(({ input, tag }: { input: string; tag?: string }) => runLoad(input, tag, context))
}

async function runLoad(path: string, tag: string | undefined, context: Context): Promise<void> {
  const { output } = context
  await using layout = await openInput(path, context)
  output.interruptHint = 'Nothing is half-done. Run the same command again'
  using progress = new Progress(output)
  const entries = await layout.list()
  requireOne(entries, tag)
  const loaded: { name: string | null; digest: string }[] = []
  for (const entry of entries) {
    loaded.push({ name: await loadEntry(layout, entry, tag, context, progress), digest: entry.root.digest })
  }
  progress.finish()
  if (output.json) return output.document(loaded)
  for (const { name, digest } of loaded)
    output.line(output.quiet ? (name ?? digest) : `${name ?? '<none>'}  ${digest}`)
}

function requireOne(entries: readonly StoreEntry[], tag: string | undefined): void {
  if (tag === undefined || entries.length === 1) return
  throw new OvmsError('usage', `--tag names one artifact, there are ${entries.length}`, {
    actual: entries.length,
    hint: 'Load them without --tag, then use "ovm tag"',
  })
}

async function openInput(path: string, context: Context): Promise<ForeignLayout> {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
  return isFolder ? context.openLayout(path) : context.openArchive(path)
}

async function loadEntry(
  layout: ForeignLayout,
  { name, root }: StoreEntry,
  tag: string | undefined,
  { signal, openStore }: Context,
  { onEvent }: Progress,
): Promise<string | null> {
  const store = await openStore()
  const wanted = tag ?? name
  if (wanted === undefined) {
    await using lease = await store.lease({ signal })
    await copyTree(layout, root, lease, { signal, onEvent })
    await store.keep(root, { signal })
    return null
  }
  const target = isDigest(wanted) ? wanted : fullName(wanted)
  await copy({ store: layout, name: name ?? root.digest }, { store, name: target }, { signal, onEvent })
  return target
}
