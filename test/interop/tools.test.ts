import { test } from 'node:test'
import { programOf, TOOL_NAMES, versionOf } from './support/tools.ts'

test('Every tool that is here tells its version', async () => {
  const rows: string[] = []
  for (const name of TOOL_NAMES) {
    const program = programOf(name)
    const version = program === undefined ? 'missing' : await versionOf(name)
    rows.push(`${name.padEnd(10)} ${version.padEnd(14)} ${program ?? 'see "npm run interop:tools"'}`)
  }
  console.log(`Tools that took part:\n${rows.map((row) => `  ${row}`).join('\n')}`)
})
