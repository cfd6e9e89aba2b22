import type { Signalled } from '../base/signal.ts'
import type { Output } from '../cli/print/output.ts'
import { LayoutRepositories } from '../layout/repositories.ts'
import { RegistryServer } from '../registry/server/server.ts'

interface ServeRegistryOptions extends Signalled {
  readonly host: string
  readonly port: number
  readonly root: string
  readonly output: Output
  readonly signal: AbortSignal
}

/** The embedded registry over layouts, until the signal: what `ovm registry serve` does. */
export async function serveRegistry({
  host,
  port,
  root,
  output,
  signal,
}: ServeRegistryOptions): Promise<void> {
  const log = (message: string) => output.say(output.talkStyle.dim(message))
  await using server = new RegistryServer({ storage: new LayoutRepositories(root), log })
  const address = await server.listen({ host, port })
  if (output.json) output.record({ address, root })
  else output.line(output.quiet ? address : `Registry at ${address}, keeping ${root}`)
  output.suggest(`Push to it with "ovm push NAME ${address}/NAME"; Ctrl-C ends it`)
  if (!signal.aborted)
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}
