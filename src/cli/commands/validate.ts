import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { isOvmsError, OvmsError } from '../../base/error.ts'
import { titleOf } from '../../content/transfer-event.ts'
import { verified } from '../../content/verified.ts'
import type { Descriptor } from '../../model/descriptor.ts'
import { parseOvmsManifest } from '../../model/ovms-manifest.ts'
import { checkArtifact, type Finding, RULES } from '../../model/rules.ts'
import { type Artifact, readArtifact } from '../../packaging/artifact.ts'
import { readVirtualSizes } from '../../packaging/disk-sizes.ts'
import { pull } from '../../packaging/obtain.ts'
import type { CliStore, Context } from '../context.ts'
import { isPath } from '../path.ts'
import { importPath, localName, requireRegistry } from '../target.ts'

export function define(command: Command, context: Context): void {
  command
    .argument('<artifact>', 'artifact by name or digest, a path of an unpacked one, or a manifest.json')
    .addHelpText('after', EXAMPLES)
    .action((text: string) => runValidate(text, context))
}

/** A broken rule, or content that is refused by itself. */
type Told = Omit<Finding, 'rule'> & Partial<Pick<Finding, 'rule'>>

const EXAMPLES = `
Reads every byte: digests, sizes, schemas, disk headers and the rules between them. Exit status 4 when one is broken.

Examples:
  ovm validate web:1
  ovm validate ./unpacked
  ovm validate manifest.json     # the schema alone, as there are no blobs`

async function runValidate(text: string, context: Context): Promise<void> {
  const { output } = context
  if (text.endsWith('.json')) return validateDocument(text, context)
  await using stack = new AsyncDisposableStack()
  const store = await context.openStore()
  const artifact = await open(text, store, context, stack)
  const refused: Told[] = []
  const virtualSizes = await tell(refused, 'diskLayers', () =>
    readVirtualSizes(artifact, store.pathOf.bind(store), context),
  )
  const rules = checkArtifact({ ...artifact, ...(virtualSizes && { virtualSizes }) })
  for (const [index, blob] of artifact.blobs.entries())
    await tell(refused, `blobs.${index}`, () => verifyBlob(blob, store, context))
  const findings: Told[] = [...rules, ...refused]
  const broken = findings.filter(({ severity }) => severity === 'error')
  report(text, artifact.root.digest, findings, context)
  if (broken.length > 0)
    throw new OvmsError('artifact-invalid', `${broken.length} findings make it invalid`, {
      actual: broken,
      hint: 'What is damaged here comes back with "ovm rmi" and "ovm pull"; what contradicts itself must be built anew',
    })
  output.suggest(`All ${Object.keys(RULES).length} rules hold, every byte was read`)
}

async function open(
  text: string,
  store: CliStore,
  context: Context,
  stack: AsyncDisposableStack,
): Promise<Artifact> {
  const { signal, openRepository } = context
  if (isPath(text)) {
    const lease = stack.use(await store.lease({ signal }))
    return readArtifact(store, await importPath(context, text, lease), { signal })
  }
  // Not through `obtain`, which refuses what is broken: here it is to be told what is.
  const name = await localName(store, text)
  try {
    return await readArtifact(store, await store.resolve(name), { signal })
  } catch (error) {
    if (!isOvmsError(error, 'reference-unknown')) throw error
  }
  return (
    await pull({ store, openRepository }, requireRegistry(text, 'Name what "ovm ls" shows'), { signal })
  ).artifact
}

/** Content that is refused is a finding like any other: the person wants to see all there are. */
async function tell<T>(findings: Told[], path: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!isOvmsError(error) || error.code === 'interrupted') throw error
    findings.push({ severity: 'error', path, message: `${error.message} (${error.code})` })
    return undefined
  }
}

async function verifyBlob(blob: Descriptor, store: CliStore, { output, signal }: Context): Promise<void> {
  for await (const _chunk of verified(await store.open(blob, { signal }), blob)) signal.throwIfAborted()
  output.say(`${output.talkStyle.green('✓')} ${titleOf(blob)}  ${blob.digest.slice(0, 19)}`)
}

function report(name: string, digest: string, findings: readonly Told[], { output }: Context): void {
  if (output.json)
    return output.document({
      name,
      digest,
      valid: !findings.some(({ severity }) => severity === 'error'),
      findings,
    })
  for (const { rule, severity, path, message } of findings) {
    const word = severity === 'error' ? output.style.red('error') : output.style.yellow('warning')
    output.line(`${word}  ${path}: ${message}${rule === undefined ? '' : ` (${rule})`}`)
  }
  if (findings.length === 0) output.line(output.quiet ? digest : `${name} is valid`)
}

async function validateDocument(path: string, { output }: Context): Promise<void> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new OvmsError('file-unreadable', `Cannot read ${path}`, { cause, actual: path })
  })
  try {
    parseOvmsManifest(bytes)
  } catch (error) {
    if (output.json && isOvmsError(error))
      output.document({
        name: path,
        valid: false,
        findings: [{ severity: 'error', path: '', message: error.message }],
      })
    throw error
  }
  if (output.json) return output.document({ name: path, valid: true, findings: [] })
  output.line(`${path} matches the schema of an OVMS manifest`)
}
