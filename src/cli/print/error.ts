import { isOvmsError, messageOf } from '../../base/error.ts'
import { exitCode } from '../exit-code.ts'
import type { Output } from './output.ts'
import { harmless } from './style.ts'

/** Tells an error to the person or program, on stderr. @returns the exit status */
export function printError(error: unknown, output: Output): number {
  const code = isOvmsError(error) ? error.code : 'internal'
  const message = messageOf(error)
  const hint = hintOf(error, output)
  if (output.json) {
    output.stderr.write(
      `${JSON.stringify({ error: { code, message, ...(hint !== undefined && { hint }) } })}\n`,
    )
  } else {
    const style = output.talkStyle
    output.stderr.write(`${style.red('error:')} ${harmless(message)} ${style.dim(`(${code})`)}\n`)
    if (hint !== undefined) output.stderr.write(`${style.cyan('hint:')} ${harmless(hint)}\n`)
  }
  if (output.debug && error instanceof Error) output.stderr.write(`${describeStack(error)}\n`)
  return exitCode[code]
}

function hintOf(error: unknown, { interruptHint }: Output): string | undefined {
  if (!isOvmsError(error)) return 'This is a defect of ovm; run it again with --debug and report it'
  return error.hint ?? (error.code === 'interrupted' ? interruptHint : undefined)
}

function describeStack(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${describeStack(error.cause)}` : ''
  return `${error.stack ?? error.message}${cause}`
}
