/** LOCK FILE ROUNDS: reads a number, waits, writes the next one, under a lock. */
import { readFileSync, writeFileSync } from 'node:fs'
import { lockFile } from '../../../src/base/file-lock.ts'

const [lock = '', file = '', rounds] = process.argv.slice(2)
for (let round = 0; round < Number(rounds); round++) {
  await using _lock = await lockFile(lock)
  const number = Number(readFileSync(file, 'utf8'))
  await new Promise((resolve) => setImmediate(resolve))
  writeFileSync(file, String(number + 1))
}
