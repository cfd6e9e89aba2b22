import type { Command } from 'commander'
import { formatBytes } from '../../base/bytes.ts'
import { formatDuration } from '../../base/duration.ts'
import { OvmsError } from '../../base/error.ts'
import { copy } from '../../content/copy.ts'
import { formatReference, withDefaultTag } from '../../model/reference.ts'
import type { Context } from '../context.ts'
import { Progress } from '../print/progress.ts'
import { localName, requireRegistry } from '../target.ts'

export function define(command: Command, context: Context): void {
  command
    .argument('<reference>', 'artifact in the local store')
    .argument('[target]', 'name to give it in a registry (default: the same)')
    .addHelpText('after', EXAMPLES)
    .action((source: string, target: string | undefined) => runPush(source, target ?? source, context))
}

const EXAMPLES = `
Examples:
  ovm push registry.example.com/team/web:1
  ovm push web:1 localhost:5000/team/web:1`

async function runPush(source: string, target: string, context: Context): Promise<void> {
  const { output, signal } = context
  const advice = `Say where to: "ovm push ${source} registry.example.com/${source}", or name it so with "ovm tag"`
  const reference = withDefaultTag(requireRegistry(target, advice))
  const { tag, registry } = reference
  if (tag === undefined || registry === undefined) {
    throw new OvmsError('usage', 'An artifact is pushed under a tag, not under a digest', { actual: target })
  }
  const store = await context.openStore()
  const name = await localName(store, source)
  await using repository = await context.openRepository({ ...reference, registry })
  const started = performance.now()
  output.interruptHint =
    'The registry has no half artifact. Run the same command again: blobs that arrived are not sent again'
  using progress = new Progress(output)
  const { root, moved, kept } = await copy(
    { store, name },
    { store: repository, name: tag },
    { signal, onEvent: progress.onEvent },
  )
  progress.finish()
  const durationMs = performance.now() - started
  const pushed = formatReference(reference)
  if (output.json) {
    return output.document({
      name: pushed,
      digest: root.digest,
      sent: moved,
      present: kept,
      duration_ms: Math.round(durationMs),
    })
  }
  if (output.quiet) return output.line(root.digest)
  output.line(`${pushed}  ${root.digest}`)
  output.say(
    `Sent ${formatBytes(moved)} in ${formatDuration(durationMs)}, ${formatBytes(kept)} were there already`,
  )
}
