import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from '../../../bench/peers.ts'
import { command } from '../../../scripts/command.ts'
import { cacheFolder, projectFolder } from '../../../scripts/folders.ts'
import { orasPyFolder } from '../../../scripts/interop/oras-py.ts'

/** Each program of others, with the words that make it tell its version. */
const VERSION_WORDS = {
  oras: ['version'],
  'ovms-oras': [],
  'oras-py': ['-c', 'import oras; print(oras.__version__)'],
  crane: ['version'],
  regctl: ['version', '--format', '{{.VCSTag}}'],
  skopeo: ['--version'],
  registry: ['--version'],
} as const

export type ToolName = keyof typeof VERSION_WORDS

export const TOOL_NAMES = Object.keys(VERSION_WORDS) as ToolName[]

/** For the option `skip` of a test: why it cannot run here, or false. */
export function lacks(...names: readonly ToolName[]): string | false {
  const absent = names.filter((name) => programOf(name) === undefined)
  return absent.length > 0 && `${absent.join(' and ')} not here, see "npm run interop:tools"`
}

export function programOf(name: ToolName): string | undefined {
  if (name !== 'oras-py') return findProgram(name)
  return existsSync(orasPyFolder(cacheFolder('tools'))) ? findProgram('python3') : undefined
}

/** Runs a program of others to its end, without what its user has set for it. @returns what it printed */
export async function run(name: ToolName, words: readonly string[], cwd = tmpdir()): Promise<string> {
  const program = programOf(name) ?? name
  const env = { HOME: '/nonexistent', PYTHONPATH: orasPyFolder(cacheFolder('tools')) }
  return command(program, words, { cwd, env })
}

export async function versionOf(name: ToolName): Promise<string> {
  if (name === 'ovms-oras') return `oras-go ${await orasGoVersion()}`
  const text = await run(name, VERSION_WORDS[name])
  return /\d+\.\d+\.\d+\S*/.exec(text)?.[0] ?? text.trim()
}

async function orasGoVersion(): Promise<string | undefined> {
  const text = await readFile(join(projectFolder, 'test/interop/oras/go.mod'), 'utf8')
  return /oras-go\/v2 v(\S+)/.exec(text)?.[1]
}
