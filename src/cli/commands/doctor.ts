import type { Command } from 'commander'
import type { Context, HostCheck } from '../context.ts'
import type { Style } from '../print/style.ts'

export function define(command: Command, context: Context): void {
  command
    .addHelpText(
      'after',
      '\nExamples:\n  ovm doctor\n  ovm doctor --json | jq ".[] | select(.status != \\"ok\\")"',
    )
    .action(() => runDoctor(context))
}

async function runDoctor({ output, checkHost }: Context): Promise<void> {
  const checks = await checkHost()
  if (output.json) output.document(checks)
  else for (const check of checks) output.line(formatCheck(check, output.style))
  if (checks.some(({ status }) => status === 'failed')) process.exitCode = 1
}

function formatCheck({ name, status, found, hint }: HostCheck, style: Style): string {
  const mark = { ok: style.green('✓'), warning: style.yellow('!'), failed: style.red('✗') }[status]
  return `${mark} ${name.padEnd(14)} ${found}${hint === undefined ? '' : `\n  ${style.dim(`→ ${hint}`)}`}`
}
