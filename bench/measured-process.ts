import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'

/** How often the memory of a process is looked at, ms; the kernel keeps the peak, so this only must come before its end. */
const LOOK_MS = 5

export interface Measured {
  readonly ms: number
  /** Largest resident memory of the process, in bytes. */
  readonly peakBytes: number
}

/** Runs a command to its end and measures it. @throws when it fails, with what it said */
export async function measure(
  command: string,
  words: readonly string[],
  { env = {}, cwd }: { readonly env?: Record<string, string> | undefined; readonly cwd?: string } = {},
): Promise<Measured> {
  const started = performance.now()
  const child = spawn(command, words, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  let peakBytes = 0
  const timer = setInterval(async () => {
    peakBytes = Math.max(peakBytes, await peakOf(child.pid ?? 0))
  }, LOOK_MS)
  const [code] = await once(child, 'close')
  clearInterval(timer)
  const ms = performance.now() - started
  if (code !== 0) throw new Error(`${command} ${words.join(' ')} ended with ${code}: ${said.slice(-500)}`)
  return { ms, peakBytes }
}

async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024
}
