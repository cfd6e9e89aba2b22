import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { ErrorCode } from '../../src/base/error-codes.ts'
import { exitCode } from '../../src/cli/exit-code.ts'
import type { COMMAND_OUTPUTS } from '../../src/cli/output-schemas.ts'
import { temporaryFolder } from './folders.ts'
import { type OutputName, validOutput } from './outputs.ts'

export { validOutput }

export const PROGRAM = join(import.meta.dirname, '../../bin/ovm')

// biome-ignore lint/suspicious/noExplicitAny: proved by the published schema; each test knows which one
export type Json = any

export interface Result {
  readonly stdout: string
  readonly stderr: string
  /** Exit status; of one that died of a signal, undefined. */
  readonly status: number | undefined
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** A command that still runs, with what it has printed so far. */
export class RunningOvm {
  readonly child: ChildProcess
  readonly closed: Promise<Result>
  stdout = ''
  stderr = ''

  constructor(child: ChildProcess) {
    this.child = child
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.closed = once(child, 'close').then(([status]) => ({
      stdout: this.stdout,
      stderr: this.stderr,
      status: status ?? undefined,
    }))
  }

  /** Waits until the command has printed the text, or fails with all it said instead. */
  async says(text: string, on: 'stdout' | 'stderr' = 'stdout'): Promise<void> {
    const stream = this.child[on]
    while (!this[on].includes(text)) {
      const more = await Promise.race([once(stream as NodeJS.ReadableStream, 'data'), this.closed])
      if (!Array.isArray(more) && !this[on].includes(text))
        assert.fail(`ended without ${JSON.stringify(text)}: ${this.stdout}${this.stderr}`)
    }
  }
}

/** The program with a home of its own; everything it left running ends with the test. */
export class OvmHome implements AsyncDisposable {
  readonly folder: string
  readonly home: string
  readonly #end: AsyncDisposable

  constructor(folder: string, end: AsyncDisposable) {
    this.folder = folder
    this.home = join(folder, 'home')
    this.#end = end
  }

  /** Path of a file in the folder that the test works in. */
  path(name: string): string {
    return join(this.folder, name)
  }

  start(words: readonly string[], { env = {}, cwd = this.folder }: RunOptions = {}): RunningOvm {
    return new RunningOvm(spawn(PROGRAM, words, { cwd, env: { ...this.environment, ...env } }))
  }

  /** As it is without a terminal, without colour, and with nothing of the tester's own settings. */
  get environment(): Record<string, string> {
    const { PATH = '', HOME = '' } = process.env
    return { PATH, HOME, NO_COLOR: '1', OVM_HOME: this.home }
  }

  run(words: readonly string[], options: RunOptions = {}): Promise<Result> {
    return this.start(words, options).closed
  }

  /** Runs what must succeed. @returns stdout without its last line end */
  async ok(...words: readonly string[]): Promise<string> {
    const { stdout, stderr, status } = await this.run(words)
    assert.equal(status, 0, `ovm ${words.join(' ')}: ${stdout}${stderr}`)
    return stdout.trimEnd()
  }

  /** Runs what must succeed with `--json`. @returns its document, which matches the published schema */
  async json(command: keyof typeof COMMAND_OUTPUTS, ...words: readonly string[]): Promise<Json> {
    const { stdout, stderr, status } = await this.run([command, ...words, '--json'])
    assert.equal(status, 0, `ovm ${command} ${words.join(' ')}: ${stdout}${stderr}`)
    assert.equal(stderr, '', 'with --json a command that succeeds says nothing to people')
    return validOutput(command, stdout)
  }

  /** Runs what must fail with a code, and with the exit status of that code. @returns the error as JSON told it */
  async refuses(
    code: ErrorCode,
    words: readonly string[],
    options: RunOptions = {},
  ): Promise<{ message: string; hint?: string; stdout: string }> {
    const { stdout, stderr, status } = await this.run([...words, '--json'], options)
    const { error } = validOutput('error', stderr.trim().split('\n').at(-1) ?? '')
    assert.equal(error.code, code, error.message)
    assert.equal(status, exitCode[code])
    const [command = ''] = words
    if (stdout !== '') validOutput(command as OutputName, stdout)
    return { ...error, stdout }
  }

  /** The process id of the daemon of this home, if one runs. */
  async daemonPid(): Promise<number | undefined> {
    const { stdout } = await this.run(['doctor', '--json'])
    return validOutput('doctor', stdout).find(({ name }: Json) => name === 'daemon').pid
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Most tests start none, and asking takes longer than they do.
    const pid = existsSync(join(this.home, 'daemon.log')) ? await this.daemonPid() : undefined
    if (pid !== undefined) {
      const machines: string = (await this.run(['ps', '-aq'])).stdout
      if (machines !== '') await this.run(['rm', '-f', ...machines.trim().split('\n')])
      process.kill(pid, 'SIGTERM')
    }
    await this.#end[Symbol.asyncDispose]()
  }
}

export async function newHome(): Promise<OvmHome> {
  const folder = await temporaryFolder()
  return new OvmHome(folder.path, folder)
}

/** `ovm registry serve` as a process of its own; its talk tells the requests. */
export async function serveRegistry(home: OvmHome): Promise<AsyncDisposable & { readonly address: string }> {
  await mkdir(home.home, { recursive: true })
  const { child, closed } = home.start(['registry', 'serve', '--port', '0', '--json'])
  assert.ok(child.stdout)
  const [line] = await once(createInterface(child.stdout), 'line')
  const { address } = validOutput('registry', String(line))
  const end = async () => {
    child.kill('SIGTERM')
    await closed
  }
  return { address, [Symbol.asyncDispose]: end }
}
