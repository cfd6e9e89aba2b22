import type { Command } from 'commander'
import { formatBytes } from '../../base/bytes.ts'
import { isOvmsError, messageOf } from '../../base/error.ts'
import { readArtifact } from '../../packaging/artifact.ts'
import type { CliStore, Context, StoreEntry } from '../context.ts'
import { plain } from '../print/style.ts'
import { formatTable } from '../print/table.ts'

interface Row {
  readonly name: string | null
  readonly digest: string
  readonly size: number | null
  readonly machine: string | null
  readonly architecture: string | null
  readonly problem?: string
}

export function define(command: Command, context: Context): void {
  command.addHelpText('after', EXAMPLES).action(() => runLs(context))
}

const EXAMPLES = `
Examples:
  ovm ls
  ovm ls --json | jq -r '.[].name'`

async function runLs(context: Context): Promise<void> {
  const { output } = context
  const store = await context.openStore()
  const rows: Row[] = []
  for (const entry of await store.list()) rows.push(await describe(store, entry, context))
  rows.sort((a, b) => (a.name ?? '').localeCompare(b.name ?? ''))
  if (output.json) return output.document(rows)
  if (output.quiet) {
    for (const row of rows) output.line(row.name ?? row.digest)
    return
  }
  if (rows.length === 0)
    return output.say('No artifacts yet. Make one with "ovm build", fetch one with "ovm pull".')
  const columns = [
    { title: 'NAME' },
    { title: 'DIGEST' },
    { title: 'SIZE', align: 'right' as const },
    { title: 'ARCH' },
    { title: 'MACHINE' },
  ]
  output.line(formatTable(columns, rows.map(toCells)))
}

async function describe(store: CliStore, { name, root }: StoreEntry, { signal }: Context): Promise<Row> {
  const base = { name: name ?? null, digest: root.digest }
  try {
    const { manifest, blobs } = await readArtifact(store, root, { signal })
    const size = blobs.reduce((sum, blob) => sum + blob.size, 0)
    const machine = `${manifest.name} ${manifest.version}`
    return { ...base, size, machine, architecture: manifest.metadata?.platform?.arch ?? null }
  } catch (error) {
    if (!isOvmsError(error)) throw error
    return { ...base, size: null, machine: null, architecture: null, problem: messageOf(error) }
  }
}

function toCells({ name, digest, size, architecture, machine, problem }: Row): string[] {
  return [
    name ?? '<none>',
    digest.slice(7, 19),
    size === null ? '-' : formatBytes(size),
    architecture ?? '-',
    plain(machine ?? problem ?? '-'),
  ]
}
