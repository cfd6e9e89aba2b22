import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { exit } from 'node:process'
import { projectFolder } from './folders.ts'

/** What each word runs, in order; the first failure ends it. */
const STEPS: Record<string, readonly string[]> = {
  unit: ['unit'],
  check: ['types', 'lint', 'unit'],
  all: ['types', 'lint', 'unit', 'whole'],
  long: ['long'],
  interop: ['interop'],
}

/** Test files of each step. `*.vm.test.ts` boot machines, so they are not among the quick ones. */
const FILES: Record<string, readonly string[]> = {
  unit: ['src/**/*.test.ts', 'test/*.test.ts', 'test/setup/*.test.ts'],
  whole: ['src/**/*.vm.test.ts', 'test/e2e/**/*.test.ts'],
  long: ['test/long/**/*.test.ts'],
  interop: ['test/interop/**/*.test.ts'],
}

/** Longest a single test may take, ms: a hang must end before the limit of the whole run does. */
const TIMEOUT_MS = 180_000
const LONG_TIMEOUT_MS = 900_000

const [word = 'all', ...words] = process.argv.slice(2)
const steps = STEPS[word]
if (!steps) {
  console.error(`test: not one of ${Object.keys(STEPS).join(', ')}: ${word}`)
  exit(2)
}
for (const step of steps) {
  const started = performance.now()
  console.log(`\n— ${step}`)
  const status = await runStep(step)
  console.log(
    `— ${step} ${status === 0 ? 'passed' : 'failed'} in ${((performance.now() - started) / 1000).toFixed(1)} s`,
  )
  if (status !== 0) exit(status)
}

function runStep(step: string): Promise<number> {
  if (step === 'types') return run('node_modules/.bin/tsc', ['-p', '.'])
  if (step === 'lint') return run('node_modules/.bin/biome', ['check', '--error-on-warnings', '.'])
  const files = (FILES[step] ?? []).flatMap((pattern) => globSync(pattern, { cwd: projectFolder }))
  const chosen = step === 'unit' ? files.filter((file) => !file.endsWith('.vm.test.ts')) : files
  const timeout = step === 'long' ? LONG_TIMEOUT_MS : TIMEOUT_MS
  return run(process.execPath, ['--test', `--test-timeout=${timeout}`, ...words, ...chosen.toSorted()])
}

function run(command: string, words: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, { cwd: projectFolder, stdio: 'inherit' })
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}
