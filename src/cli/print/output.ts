import { harmless, Style } from './style.ts'

/** The two streams of a command: data for programs and pipes goes to stdout, talk for the person to stderr. */
export class Output {
  readonly isTerminal: boolean
  readonly stdout: NodeJS.WritableStream
  readonly stderr: NodeJS.WritableStream & { columns?: number }
  /** `--json`: stdout carries one JSON document, or one a line. */
  json = false
  /** `-q`: stdout carries only what the next command needs. */
  quiet = false
  debug = false
  /** What to tell when the command is interrupted now. */
  interruptHint: string | undefined
  readonly #environment: Readonly<Record<string, string | undefined>>

  constructor(environment: Readonly<Record<string, string | undefined>>) {
    this.stdout = process.stdout
    this.stderr = process.stderr
    this.isTerminal = process.stderr.isTTY === true && environment['TERM'] !== 'dumb'
    this.#environment = environment
  }

  get style(): Style {
    return new Style(process.stdout.isTTY === true && this.#mayColor)
  }

  get talkStyle(): Style {
    return new Style(this.isTerminal && this.#mayColor)
  }

  /** A line of data. */
  line(text = ''): void {
    this.stdout.write(`${harmless(text)}\n`)
  }

  /** The one JSON document of a command. */
  document(value: unknown): void {
    this.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
  }

  /** One of many JSON documents. */
  record(value: unknown): void {
    this.stdout.write(`${JSON.stringify(value)}\n`)
  }

  /** A line for the person; nobody parses it. */
  say(text: string): void {
    if (!this.quiet && !this.json) this.stderr.write(`${harmless(text)}\n`)
  }

  /** What the person may want to do next. */
  suggest(text: string): void {
    this.say(this.talkStyle.dim(text))
  }

  /** NO_COLOR (no-color.org): present and not empty means no colour. */
  get #mayColor(): boolean {
    return (this.#environment['NO_COLOR'] ?? '') === '' && this.#environment['TERM'] !== 'dumb'
  }
}
