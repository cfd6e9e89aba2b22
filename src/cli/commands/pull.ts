import { type Command, Option } from 'commander'
import { formatBytes } from '../../base/bytes.ts'
import { formatDuration } from '../../base/duration.ts'
import { OvmsError } from '../../base/error.ts'
import { formatReference, withDefaultTag } from '../../model/reference.ts'
import { pull } from '../../packaging/obtain.ts'
import type { Context } from '../context.ts'
import { Progress } from '../print/progress.ts'
import { requireRegistry } from '../target.ts'

interface Options {
  readonly platform?: string
  readonly offline?: boolean
}

export function define(command: Command, context: Context): void {
  command
    .argument('<reference>', 'artifact in a registry')
    .option('--platform <architecture>', 'part of an index to take (default: for this host)')
    .addOption(new Option('--offline', 'never talk to a registry').hideHelp())
    .addHelpText('after', EXAMPLES)
    .action((text: string, options: Options) => runPull(text, options, context))
}

const EXAMPLES = `
Examples:
  ovm pull registry.example.com/team/web:1
  ovm pull registry.example.com/team/web@sha256:…
An interrupted pull goes on where it stopped when it is run again.`

async function runPull(text: string, { platform, offline }: Options, context: Context): Promise<void> {
  const { output, signal } = context
  const reference = requireRegistry(
    text,
    'Pull needs a name like registry.example.com/team/name:tag; "ovm ls" lists what is here',
  )
  if (offline) throw new OvmsError('offline', '--offline forbids to pull', { actual: text })
  const store = await context.openStore()
  const started = performance.now()
  output.interruptHint = 'Nothing is half-done. Run the same command again: it goes on where it stopped'
  using progress = new Progress(output)
  const options = { signal, onEvent: progress.onEvent, architecture: platform?.replace(/^linux\//, '') }
  const { artifact, result } = await pull(
    { store, openRepository: context.openRepository },
    reference,
    options,
  )
  progress.finish()
  const durationMs = performance.now() - started
  const name = formatReference(withDefaultTag(reference))
  const { digest } = artifact.root
  if (output.json) {
    const { moved, kept } = result
    return output.document({
      name,
      digest,
      fetched: moved,
      present: kept,
      duration_ms: Math.round(durationMs),
    })
  }
  if (output.quiet) return output.line(digest)
  output.line(`${name}  ${digest}`)
  output.say(
    `Fetched ${formatBytes(result.moved)} in ${formatDuration(durationMs)}, ${formatBytes(result.kept)} were here already`,
  )
  output.suggest(`Run it with "ovm run ${name}"`)
}
