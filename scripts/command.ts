import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { delimiter } from 'node:path'
import { buffer } from 'node:stream/consumers'

export interface CommandOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  readonly signal?: AbortSignal | undefined
}

/** Runs a program to its end and gives its standard output; the error of one that fails carries its words. */
export async function command(name: string, args: readonly string[], options: CommandOptions = {}) {
  const bytes = await commandBytes(name, args, options)
  return bytes.toString()
}

export async function commandBytes(name: string, args: readonly string[], options: CommandOptions = {}) {
  const child = start(name, args, options)
  const [output] = await Promise.all([buffer(child.stdout), succeeded(child)])
  return output
}

/** For a caller that reads the output while the program runs; it must await `succeeded` beside it. */
export function start(
  name: string,
  args: readonly string[],
  { cwd, env, input, signal }: CommandOptions = {},
) {
  const options = { cwd, signal, env: { ...process.env, LC_ALL: 'C', PATH: pathWithSystemFolders(), ...env } }
  const child = spawn(name, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.on('error', ignoreClosedPipe).end(input ?? '')
  return child
}

export async function succeeded(child: ChildProcessWithoutNullStreams) {
  const closed = once(child, 'close') as Promise<[number | null]>
  const [complaint, [status]] = await Promise.all([buffer(child.stderr), closed])
  if (status === 0) return
  throw new Error(`${child.spawnargs.join(' ')} failed (status ${status})\n${complaint}`.trim())
}

/** A program that refuses its arguments closes its input early; its exit status tells what matters. */
function ignoreClosedPipe() {}

/** mkfs.ext4 and debugfs live where an ordinary user's PATH does not look. */
function pathWithSystemFolders() {
  return [process.env['PATH'], '/usr/local/sbin', '/usr/sbin', '/sbin'].join(delimiter)
}
