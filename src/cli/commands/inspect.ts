import type { Command } from 'commander'
import { formatBytes } from '../../base/bytes.ts'
import { isOvmsError } from '../../base/error.ts'
import type { BlobSource, BlobStat } from '../../content/ports.ts'
import { titleOf } from '../../content/transfer-event.ts'
import { readVerified } from '../../content/verified.ts'
import type { Descriptor } from '../../model/descriptor.ts'
import { isDigest } from '../../model/digest.ts'
import { isIndexType } from '../../model/media-types.ts'
import { parseOciIndex } from '../../model/oci-index.ts'
import { isRemote, parseReference, withDefaultTag } from '../../model/reference.ts'
import { type Artifact, readArtifact } from '../../packaging/artifact.ts'
import type { Context } from '../context.ts'
import { isPath } from '../path.ts'
import { plain, type Style } from '../print/style.ts'
import { formatTree, type TreeNode } from '../print/tree.ts'
import { localName, openPath } from '../target.ts'

interface Options {
  readonly remote?: boolean
  readonly platform?: string
}

export function define(command: Command, context: Context): void {
  command
    .argument('<reference>', 'artifact here or in a registry, by name or digest; or a path')
    .option('--remote', 'ask the registry even when the artifact is here')
    .option('--platform <architecture>', 'part of an index to show (default: for this host)')
    .addHelpText('after', EXAMPLES)
    .action((text: string, options: Options) => runInspect(text, options, context))
}

const EXAMPLES = `
Examples:
  ovm inspect web:1
  ovm inspect registry.example.com/team/web:1    # reads manifests only, no blob is fetched
  ovm inspect ./unpacked --json`

interface Found {
  readonly name: string
  readonly where: 'store' | 'registry' | 'path'
  readonly root: Descriptor
  readonly source: BlobSource & Partial<BlobStat>
}

async function runInspect(text: string, options: Options, context: Context): Promise<void> {
  const { output, signal } = context
  await using stack = new AsyncDisposableStack()
  const found = await find(text, options, context, stack)
  const architecture = options.platform?.replace(/^linux\//, '')
  const artifact = await readArtifact(found.source, found.root, {
    signal,
    ...(architecture !== undefined && { architecture }),
  })
  const platforms = await listPlatforms(found, signal)
  if (output.json) return output.document(toJson(found, artifact, platforms))
  if (output.quiet) return output.line(artifact.root.digest)
  output.line(formatTree(toTree(found, artifact, platforms, output.style)))
}

async function find(
  text: string,
  { remote }: Options,
  context: Context,
  stack: AsyncDisposableStack,
): Promise<Found> {
  if (isPath(text)) {
    const source = stack.use(await openPath(context, text))
    return { name: text, where: 'path', root: source.root, source }
  }
  const store = await context.openStore()
  const name = await localName(store, text)
  const reference = isDigest(name) ? undefined : parseReference(name)
  const inRegistry = reference && isRemote(reference) ? reference : undefined
  if (!remote || !inRegistry) {
    try {
      return { name, where: 'store', root: await store.resolve(name), source: store }
    } catch (error) {
      if (!inRegistry || !isOvmsError(error, 'reference-unknown')) throw error
    }
  }
  const repository = stack.use(await context.openRepository(inRegistry))
  const { digest, tag } = withDefaultTag(inRegistry)
  const root = await repository.resolve(digest ?? tag ?? 'latest', { signal: context.signal })
  return { name, where: 'registry', root, source: repository }
}

async function listPlatforms({ root, source }: Found, signal: AbortSignal): Promise<readonly Descriptor[]> {
  if (!isIndexType(root.mediaType)) return []
  return parseOciIndex(await readVerified(source, root, { signal })).value.manifests
}

function toJson({ name, where, root }: Found, artifact: Artifact, platforms: readonly Descriptor[]): object {
  const { root: manifest, manifestBlob, blobs } = artifact
  return {
    name,
    where,
    digest: manifest.digest,
    mediaType: manifest.mediaType,
    ...(platforms.length > 0 && { index: { digest: root.digest, manifests: platforms } }),
    manifest: artifact.manifest,
    manifest_blob: manifestBlob,
    blobs,
    ...(artifact.annotations && { annotations: artifact.annotations }),
  }
}

function toTree(
  { name, where }: Found,
  artifact: Artifact,
  platforms: readonly Descriptor[],
  style: Style,
): TreeNode {
  const { manifest, manifestBlob, blobs, root } = artifact
  const blob = (each: Descriptor) =>
    `${titleOf(each)}  ${style.dim(`${formatBytes(each.size)}  ${each.mediaType}  ${each.digest.slice(0, 19)}`)}`
  const facts = [
    `machine     ${plain(manifest.name)} ${plain(manifest.version)}`,
    `platform    ${manifest.metadata?.platform?.arch ?? 'not said'}${manifest.metadata?.platform?.uefi ? ', UEFI' : ''}`,
    ...(manifest.kernel?.args === undefined ? [] : [`arguments   ${plain(manifest.kernel.args)}`]),
    ...(manifest.metadata?.author === undefined ? [] : [`author      ${plain(manifest.metadata.author)}`]),
    ...(manifest.metadata?.created === undefined ? [] : [`created     ${plain(manifest.metadata.created)}`]),
  ]
  const devices = (manifest.devices ?? []).map(({ type, name: device, size, mmio_addr: address }) => ({
    text: plain(
      `${type} ${device}${size === undefined ? '' : ` ${formatBytes(size)}`}${address === undefined ? '' : ` (asks for ${address}, never mapped)`}`,
    ),
  }))
  return {
    text: `${style.bold(name)}  ${style.dim(`${root.digest}  (${where})`)}`,
    children: [
      ...facts.map((text) => ({ text })),
      ...(devices.length > 0 ? [{ text: 'devices', children: devices }] : []),
      ...(platforms.length > 0
        ? [{ text: 'platforms', children: platforms.map((each) => ({ text: platformLine(each) })) }]
        : []),
      {
        text: `blobs  ${style.dim(formatBytes(blobs.reduce((sum, { size }) => sum + size, 0)))}`,
        children: [manifestBlob, ...blobs].map((each) => ({ text: blob(each) })),
      },
    ],
  }
}

function platformLine({ platform, digest }: Descriptor): string {
  return `${platform ? `${plain(platform.os)}/${plain(platform.architecture)}` : 'unknown'}  ${digest.slice(0, 19)}`
}
