import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

/** Longest that a child of a test may take, ms; it is killed then, and the test fails. */
const CHILD_TIMEOUT_MS = 60_000

export interface ChildResult {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a script of `test/support/children/` to its end, however it ends. */
export async function runChild(script: string, args: readonly string[]): Promise<ChildResult> {
  return startChild(script, args).result
}

export interface RunningChild {
  readonly process: ChildProcess
  readonly result: Promise<ChildResult>
}

export function startChild(script: string, args: readonly string[]): RunningChild {
  const path = `${import.meta.dirname}/children/${script}.ts`
  const child = spawn(process.execPath, [path, ...args], { timeout: CHILD_TIMEOUT_MS, killSignal: 'SIGKILL' })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
    })
  const result = once(child, 'close').then(([code, signal]) => ({ code, signal, ...output }))
  return { process: child, result }
}
