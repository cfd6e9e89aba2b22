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
import type { FolderSource } from '../../packaging/folder-source.ts'
import { pull } from '../../packaging/obtain.ts'
import type { Context } from '../context.ts'
import { isPath } from '../path.ts'
import { localName, openPath, requireRegistry } from '../target.ts'

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
  const place = await open(text, context, stack)
  const artifact = await readArtifact(place, place.root, context)
  const findings = await findAll(artifact, place, context)
  const broken = findings.filter(({ severity }) => severity === 'error')
  report(text, artifact.root.digest, findings, context)
  if (broken.length > 0) throw invalid(broken)
  output.suggest(`All ${Object.keys(RULES).length} rules hold, every byte was read`)
}

/** Where an artifact lies, with its disks as files: the store, or a folder of the user's. */
type Place = Pick<FolderSource, 'root' | 'open' | 'pathOf'>

async function open(text: string, context: Context, stack: AsyncDisposableStack): Promise<Place> {
  const { signal, openRepository } = context
  if (isPath(text)) return stack.use(await openPath(context, text))
  const store = await context.openStore()
  const at = (root: Descriptor): Place => ({
    root,
    open: (blob, options) => store.open(blob, options),
    pathOf: (digest) => store.pathOf(digest),
  })
  // Not through `obtain`, which refuses what is broken: here it is to be told what is.
  const name = await localName(store, text)
  try {
    return at(await store.resolve(name))
  } catch (error) {
    if (!isOvmsError(error, 'reference-unknown')) throw error
  }
  const reference = requireRegistry(text, 'Name what "ovm ls" shows')
  return at((await pull({ store, openRepository }, reference, { signal })).artifact.root)
}

async function findAll(artifact: Artifact, place: Place, context: Context): Promise<readonly Told[]> {
  const refused: Told[] = []
  const virtualSizes = await tell(refused, 'diskLayers', () =>
    readVirtualSizes(artifact, place.pathOf, context),
  )
  for (const [index, blob] of artifact.blobs.entries())
    await tell(refused, `blobs.${index}`, () => verifyBlob(blob, place, context))
  return [...checkArtifact({ ...artifact, ...(virtualSizes && { virtualSizes }) }), ...refused]
}

function invalid(broken: readonly Told[]): OvmsError {
  return new OvmsError('artifact-invalid', `It is invalid: ${broken.length} findings say why`, {
    actual: broken,
    hint: 'What is damaged here comes back with "ovm rmi" and "ovm pull"; what contradicts itself must be built anew',
  })
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

async function verifyBlob(blob: Descriptor, place: Place, { output, signal }: Context): Promise<void> {
  for await (const _chunk of verified(await place.open(blob, { signal }), blob)) signal.throwIfAborted()
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
