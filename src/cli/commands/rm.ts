import type { Command } from 'commander'
import type { Context } from '../context.ts'

export function define(command: Command, context: Context): void {
  command
    .argument('<machine...>', 'ids, beginnings of ids, or names')
    .option('-f, --force', 'end machines that still run')
    .addHelpText('after', '\nExamples:\n  ovm rm web\n  ovm rm -f $(ovm ps -aq)')
    .action((machines: readonly string[], { force = false }: { force?: boolean }) =>
      runRm(machines, force, context),
    )
}

async function runRm(machines: readonly string[], force: boolean, context: Context): Promise<void> {
  const { output, signal } = context
  const client = await context.daemon()
  for (const machine of machines) await client.remove(machine, { force, signal })
  if (output.json) return output.document({ removed: machines })
  for (const machine of machines) output.line(machine)
}
