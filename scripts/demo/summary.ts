import { formatBytes } from '../../src/base/bytes.ts'
import { formatDuration } from '../../src/base/duration.ts'
import { Style } from '../../src/cli/print/style.ts'
import { formatTable } from '../../src/cli/print/table.ts'
import type { Descriptor } from '../../src/model/descriptor.ts'
import type { Boot } from './boot.ts'
import type { Check } from './checks.ts'

export interface DemoFacts {
  readonly name: string
  readonly built: { readonly digest: string; readonly size: number; readonly duration_ms: number }
  readonly pushed: { readonly digest: string; readonly sent: number; readonly duration_ms: number }
  readonly pulled: {
    readonly digest: string
    readonly fetched: number
    readonly present: number
    readonly duration_ms: number
  }
  readonly inspected: {
    readonly digest: string
    readonly manifest: { readonly kernel: { readonly args: string } }
    readonly blobs: readonly Descriptor[]
  }
  readonly boot: Boot
}

const style = new Style(process.stdout.isTTY === true && (process.env['NO_COLOR'] ?? '') === '')

/** The table a person looks at when it is over. */
export function printSummary(facts: DemoFacts, results: readonly Check[]): void {
  const { name, built, boot } = facts
  console.log(`\n${style.bold(name)}\n${style.dim(built.digest)}\n`)
  console.log(`${layerTable(facts)}\n`)
  console.log(`${stepTable(facts)}\n`)
  for (const { what, holds } of results) console.log(`${holds ? style.green('✓') : style.red('✗')} ${what}`)
  const isGood = results.every(({ holds }) => holds)
  const how = `${boot.hypervisor} with ${boot.acceleration}`
  console.log(
    isGood
      ? `\nA virtual machine went through a registry and booted (${how}).`
      : style.red('\nSomething differs from what is expected.'),
  )
}

function layerTable({ inspected }: DemoFacts): string {
  const rows = inspected.blobs.map((blob) => [
    blob.annotations?.['org.opencontainers.image.title'] ?? '',
    formatBytes(blob.size),
    blob.digest.slice(0, 19),
    blob.mediaType,
  ])
  return formatTable(
    [{ title: 'LAYER' }, { title: 'SIZE', align: 'right' }, { title: 'DIGEST' }, { title: 'TYPE' }],
    rows,
  )
}

function stepTable({ built, pushed, pulled, boot }: DemoFacts): string {
  const rows = [
    ['build', formatDuration(built.duration_ms), `${formatBytes(built.size)} read once`],
    ['push', formatDuration(pushed.duration_ms), `${formatBytes(pushed.sent)} sent`],
    ['pull and verify', formatDuration(pulled.duration_ms), `${formatBytes(pulled.fetched)} fetched`],
    ['run to first output', formatDuration(boot.firstOutputMs), ''],
    ['run to marker', formatDuration(boot.markerMs), ''],
  ]
  return formatTable([{ title: 'STEP' }, { title: 'TIME', align: 'right' }, { title: 'BYTES' }], rows)
}
