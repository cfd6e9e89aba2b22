import { test } from 'node:test'
import { lacks, programOf, TOOL_NAMES, versionOf } from './support/tools.ts'

test('Every tool that is here tells its version', async () => {
  const rows: string[] = []
  for (const name of TOOL_NAMES) {
    const absence = lacks(name)
    rows.push(`${name.padEnd(10)} ${absence || `${(await versionOf(name)).padEnd(14)} ${programOf(name)}`}`)
  }
  console.log(`Tools that took part:\n${rows.map((row) => `  ${row}`).join('\n')}`)
})
