import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { command } from '../../../scripts/command.ts'
import { PROGRAM } from '../../../scripts/demo/ovm.ts'

// biome-ignore lint/suspicious/noExplicitAny: what a command prints with --json; each caller knows which
type Json = any

/** Runs a command of `ovm` with its store in `home`. @returns what it printed as JSON */
export async function ovm(home: string, ...words: readonly string[]): Promise<Json> {
  const text = await command(PROGRAM, [...words, '--json'], { env: environment(home) })
  return text === '' ? undefined : JSON.parse(text)
}

/** The error with which a command ends. */
export async function refusal(home: string, ...words: readonly string[]): Promise<Json> {
  const said = await ovm(home, ...words).then(
    (value) => Promise.reject(new Error(`ovm ${words.join(' ')} did not fail: ${JSON.stringify(value)}`)),
    ({ message }: Error) => message,
  )
  const line = said.split('\n').findLast((text) => text.startsWith('{"error":'))
  if (line === undefined) throw new Error(`ovm ${words.join(' ')} gave no reason: ${said}`)
  return JSON.parse(line).error
}

/** Boots an artifact under emulation. @returns all its console said until it had powered off */
export async function boot(home: string, artifact: string): Promise<string> {
  await using _daemon = await serveDaemon(home)
  // Awaited here, because the daemon ends when this returns.
  return await command(PROGRAM, ['run', artifact, '--accel', 'tcg', '--rm'], { env: environment(home) })
}

/** In the foreground, so that it ends with the test. */
async function serveDaemon(home: string): Promise<AsyncDisposable> {
  const child = spawn(PROGRAM, ['daemon', '--json'], {
    env: { ...process.env, ...environment(home) },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await once(createInterface(child.stdout), 'line')
  const end = async () => {
    child.kill('SIGTERM')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
  return { [Symbol.asyncDispose]: end }
}

function environment(home: string) {
  return { OVM_HOME: home, OVM_SOCKET: '' }
}
