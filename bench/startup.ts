import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { projectFolder } from '../scripts/folders.ts'
import { formatTable } from '../src/cli/print/table.ts'
import { median } from './statistics.ts'

const PAIRS = 15

/**
 * `ovm version` of the built package against a Node that does nothing, in turns: what differs is the time before a
 * command begins to do its own work.
 */
export async function run(): Promise<void> {
  const program = [join(projectFolder, 'dist/ovm.js'), 'version']
  // Once for the caches of both.
  await Promise.all([timed(['-e', '0']), timed(program)])
  const pairs: { readonly ours: number; readonly bare: number }[] = []
  for (let pair = 0; pair < PAIRS; pair++) {
    const first = await timed(pair % 2 === 0 ? program : ['-e', '0'])
    const second = await timed(pair % 2 === 0 ? ['-e', '0'] : program)
    pairs.push(pair % 2 === 0 ? { ours: first, bare: second } : { ours: second, bare: first })
  }
  const rows = [
    ['node -e 0', median(pairs.map(({ bare }) => bare))],
    ['ovm version', median(pairs.map(({ ours }) => ours))],
    ['difference', median(pairs.map(({ ours, bare }) => ours - bare))],
  ] as const
  const columns = [{ title: `MEDIAN OF ${PAIRS} PAIRS` }, { title: 'MS', align: 'right' as const }]
  console.log(
    `\n${formatTable(
      columns,
      rows.map(([what, ms]) => [what, ms.toFixed(0)]),
    )}`,
  )
}

/** @returns milliseconds from start to end of a Node */
async function timed(words: readonly string[]): Promise<number> {
  const started = performance.now()
  const child = spawn(process.execPath, words, { stdio: 'ignore' })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`node ${words.join(' ')} ended with status ${code}`)
  return performance.now() - started
}
