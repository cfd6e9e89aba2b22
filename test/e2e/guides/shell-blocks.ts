import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectFolder } from '../../../scripts/folders.ts'
import { freePort } from '../../../scripts/free-port.ts'

/** The `sh` blocks of a document, in order. */
export function shellBlocks(document: string): readonly string[] {
  const text = readFileSync(join(projectFolder, document), 'utf8')
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '')
}

/** What a document says will appear: the lines `# → text` of its blocks. */
export function promises(script: string): readonly string[] {
  return [...script.matchAll(/^# → (.*)$/gm)].map((match) => match[1] ?? '')
}

export interface ShellRun {
  readonly status: number
  readonly output: string
}

/**
 * Runs a script as a reader would type it, from the project's folder, with a store of its own and free ports instead of
 * those of the document, which the output then names again. Machines and daemons it leaves are ended.
 */
export async function runAsReader(script: string, ports: readonly number[]): Promise<ShellRun> {
  const home = await mkdtemp(join(tmpdir(), 'ovms-guide-'))
  let text = script
  const free = new Map<number, number>()
  for (const port of ports) free.set(port, await freePort())
  for (const [port, actual] of free) text = text.replaceAll(String(port), String(actual))
  const child = spawn('bash', ['-euo', 'pipefail', '-c', `trap '${CLEAN_UP}' EXIT\n${text}`], {
    cwd: projectFolder,
    env: {
      ...process.env,
      OVM_HOME: home,
      OVM_SOCKET: '',
      NO_COLOR: '1',
      FIRST_HOME: home,
      PROJECT: projectFolder,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
    })
  }
  const [status] = await once(child, 'close')
  await rm(home, { recursive: true, force: true })
  for (const [port, actual] of free) output = output.replaceAll(String(actual), String(port))
  return { status: status ?? 1, output }
}

/** Both homes that a guide may use: the one it began with, and one it set. */
const CLEAN_UP = `
for home in "$FIRST_HOME" "\${OVM_HOME:-$FIRST_HOME}"; do
  export OVM_HOME=$home
  [ -S "$home/run/ovm.sock" ] || continue
  "$PROJECT/bin/ovm" rm -f $("$PROJECT/bin/ovm" ps -aq) >/dev/null 2>&1 || true
  pid=$("$PROJECT/bin/ovm" doctor --json | sed -n "s/.*pid \\([0-9]*\\),.*/\\1/p")
  [ -z "$pid" ] || kill "$pid" || true
done
kill $(jobs -p) 2>/dev/null || true`
