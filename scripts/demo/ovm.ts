import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DaemonClient } from '../../src/api/client.ts'
import { socketPath } from '../../src/wiring/home.ts'
import { projectFolder } from '../folders.ts'

export const PROGRAM = join(projectFolder, 'bin/ovm')

// biome-ignore lint/suspicious/noExplicitAny: what a command prints with --json; each caller knows which
type Json = any

/** Runs a command of `ovm` with its store in `home`. @returns what it printed as JSON */
export async function ovm(home: string, words: readonly string[], { mayFail = false } = {}): Promise<Json> {
  const child = spawn(PROGRAM, [...words, '--json'], {
    env: { ...process.env, OVM_HOME: home, OVM_SOCKET: '' },
    stdio: ['ignore', 'pipe', mayFail ? 'ignore' : 'inherit'],
  })
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  const [code] = await once(child, 'close')
  if (code !== 0 && !mayFail) throw new Error(`ovm ${words.join(' ')} ended with status ${code}`)
  return text === '' ? undefined : JSON.parse(text)
}

/** The embedded registry as a process of its own, on a free port; ends when disposed of. */
export async function serveRegistry(root: string): Promise<AsyncDisposable & { readonly address: string }> {
  const child = spawn(PROGRAM, ['registry', 'serve', '--port', '0', '--root', root, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(createInterface(child.stdout), 'line')
  const { address } = JSON.parse(String(line)) as { address: string }
  const end = async () => {
    child.kill('SIGTERM')
    if (child.exitCode === null) await once(child, 'exit')
  }
  return { address, [Symbol.asyncDispose]: end }
}

/** Ends the daemon of a home that was started on demand, if there is one, and waits until it is gone. */
export async function endDaemon(home: string): Promise<void> {
  const client = new DaemonClient(socketPath(home, {}))
  const health = await client.health().catch(() => undefined)
  if (!health) return
  process.kill(health.pid, 'SIGTERM')
  while (await client.health().catch(() => undefined)) await new Promise((resolve) => setTimeout(resolve, 20))
}
