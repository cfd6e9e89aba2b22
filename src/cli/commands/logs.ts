import { type Command, InvalidArgumentError } from 'commander'
import { printRecord } from '../attach.ts'
import type { Context } from '../context.ts'

interface Options {
  readonly follow?: boolean
  readonly tail?: number
}

export function define(command: Command, context: Context): void {
  command
    .argument('<machine>', 'id, beginning of an id, or name')
    .option('-f, --follow', 'go on until the machine ends')
    .option('--tail <lines>', 'begin with the last lines only', parseLines)
    .addHelpText('after', '\nExamples:\n  ovm logs -f web\n  ovm logs web --tail 20 --json')
    .action((id: string, options: Options) => runLogs(id, options, context))
}

async function runLogs(id: string, { follow = false, tail }: Options, context: Context): Promise<void> {
  const { output, signal } = context
  const client = await context.daemon()
  for await (const record of client.logs(id, { follow, signal, ...(tail !== undefined && { tail }) })) {
    if (output.json) output.record(record)
    else printRecord(record, output)
  }
}

function parseLines(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('A number of lines is needed')
}
