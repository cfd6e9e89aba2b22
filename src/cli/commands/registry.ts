import { join } from 'node:path'
import type { Command } from 'commander'
import { OvmsError } from '../../base/error.ts'
import type { Context } from '../context.ts'

interface Options {
  readonly host: string
  readonly port: string
  readonly root?: string
}

export function define(command: Command, context: Context): void {
  command
    .helpCommand(false)
    .addHelpText('after', EXAMPLES)
    .command('serve', { isDefault: true })
    .description('Serve the OCI distribution API until interrupted.')
    .option('--host <address>', 'address to listen at', '127.0.0.1')
    .option('--port <number>', 'port to listen at, 0 for a free one', '5000')
    .option('--root <folder>', 'where repositories are kept (default: registry in OVM_HOME)')
    .addHelpText('after', EXAMPLES)
    .action((options: Options) => runServe(options, context))
}

const EXAMPLES = `
Examples:
  ovm registry serve
  ovm registry serve --port 0 --root /srv/registry`

async function runServe({ host, port, root }: Options, context: Context): Promise<void> {
  const number = Number(port)
  if (!/^\d+$/.test(port) || number > 65_535)
    throw new OvmsError('usage', `Not a port: ${JSON.stringify(port)}`, { actual: port })
  await context.serveRegistry({ host, port: number, root: root ?? join(context.home, 'registry') })
}
