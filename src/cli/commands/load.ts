import { statSync } from 'node:fs'
import type { Command } from 'commander'
import { copy, copyTree } from '../../content/copy.ts'
import { isDigest } from '../../model/digest.ts'
import { fullName } from '../../packaging/obtain.ts'
import type { Context, ForeignLayout, StoreEntry } from '../context.ts'
import { Progress } from '../print/progress.ts'

export function define(command: Command, context: Context): void {
  command
    .requiredOption('-i, --input <path>', 'OCI archive, or folder of an OCI image layout')
    .option('-t, --tag <reference>', 'name to give an artifact that has none')
    .addHelpText('after', '\nExamples:\n  ovm load -i web.tar\n  ovm load -i ./layout -t web:1')
    .action(({ input, tag }: { input: string; tag?: string }) => runLoad(input, tag, context))
}

async function runLoad(path: string, tag: string | undefined, context: Context): Promise<void> {
  const { output } = context
  await using layout = await openInput(path, context)
  using progress = new Progress(output)
  const loaded: { name: string | null; digest: string }[] = []
  for (const entry of await layout.list()) {
    loaded.push({ name: await loadEntry(layout, entry, tag, context, progress), digest: entry.root.digest })
  }
  progress.finish()
  if (output.json) return output.document(loaded)
  for (const { name, digest } of loaded)
    output.line(output.quiet ? (name ?? digest) : `${name ?? '<none>'}  ${digest}`)
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
