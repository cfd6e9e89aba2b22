import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { SPEC_VERSION, VERSION } from '../version.ts'

export function define(command: Command, { output }: Context): void {
  command.addHelpText('after', '\nExamples:\n  ovm version\n  ovm version --json').action(() => {
    if (output.json)
      return output.document({ version: VERSION, spec: SPEC_VERSION, node: process.versions.node })
    if (output.quiet) return output.line(VERSION)
    output.line(
      `ovm ${VERSION} (spec ${SPEC_VERSION}, Node ${process.versions.node}, ${process.platform} ${process.arch})`,
    )
  })
}
