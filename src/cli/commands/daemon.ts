import { type Command, Option } from 'commander'
import type { Context } from '../context.ts'

interface Options {
  readonly socket?: string
  readonly onDemand?: boolean
}

export function define(command: Command, context: Context): void {
  command
    .option('--socket <path>', 'socket to listen at (default: OVM_SOCKET, else in OVM_HOME)')
    .addOption(new Option('--on-demand', 'started by another command').hideHelp())
    .addHelpText('after', EXAMPLES)
    .action(({ socket, onDemand = false }: Options) =>
      context.serveDaemon({ socketPath: socket ?? context.socketPath, onDemand }),
    )
}

const EXAMPLES = `
"ovm run" starts the daemon when none runs, so this is for service managers and for looking at it work.
Machines go on when the daemon ends, and are found again when it is back.

Examples:
  ovm daemon
  ovm daemon --socket /run/ovms/ovm.sock`
