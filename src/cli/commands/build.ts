import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { formatBytes } from '../../base/bytes.ts'
import { messageOf, OvmsError } from '../../base/error.ts'
import { parseReference, type Reference } from '../../model/reference.ts'
import type { Artifact } from '../../packaging/artifact.ts'
import { build } from '../../packaging/build.ts'
import { type BuildFile, parseBuildFile } from '../../packaging/build-file.ts'
import { fullName, obtain } from '../../packaging/obtain.ts'
import type { Context } from '../context.ts'
import { Progress } from '../print/progress.ts'

const DEFAULT_FILE = 'ovm.yaml'

interface Options {
  readonly tag: string
  readonly file?: string
  readonly from?: string
  readonly kernel?: string
  readonly initrd?: string
  readonly disk?: readonly string[]
  readonly args?: string
  readonly arch?: string
}

export function define(command: Command, context: Context): void {
  command
    .requiredOption('-t, --tag <reference>', 'name of the artifact')
    .option('-f, --file <path>', 'build file (default: ovm.yaml, unless parts are given below)')
    .option('--from <reference>', 'artifact to build upon; its blobs are shared')
    .option('--kernel <path>', 'kernel image')
    .option('--initrd <path>', 'initial RAM disk')
    .option(
      '--disk <path[:format]>',
      'disk layer, lowest first; format qcow2 or raw (repeatable)',
      collectValue,
    )
    .option('--args <text>', 'kernel command line')
    .option('--arch <name>', 'architecture of the machine (default: that of this host)')
    .addHelpText('after', EXAMPLES)
    .action((options: Options) => runBuild(options, context))
}

const EXAMPLES = `
Examples:
  ovm build -t registry.example.com/team/web:1               # from ./ovm.yaml
  ovm build -f images/web.yaml -t web:1
  ovm build -t web:1 --kernel vmlinuz --initrd initrd.img --disk root.qcow2 --args "console=ttyS0 root=/dev/vda"
  ovm build -t web:2 --from web:1 --disk changes.qcow2       # one more layer, nothing copied`

async function runBuild(options: Options, context: Context): Promise<void> {
  const { output, signal, environment } = context
  const started = performance.now()
  const name = fullName(options.tag)
  const reference = parseReference(name)
  const file = mergeFlags(await readBuildFile(options), options)
  const store = await context.openStore()
  output.interruptHint =
    'Nothing has a name yet. Run the same command again; "ovm prune" clears what lies there'
  using progress = new Progress(output)
  const { onEvent } = progress
  const base =
    file.from === undefined
      ? undefined
      : (await obtain({ store, ...context }, file.from, { signal, onEvent })).artifact
  await using lease = await store.lease({ signal })
  const artifact = await build(file, lease, {
    ...defaults(reference),
    base,
    created: createdFrom(environment),
    signal,
    onEvent,
  })
  await lease.tag(name, artifact.root, { signal })
  progress.finish()
  report(name, artifact, performance.now() - started, context)
}

async function readBuildFile({ file, kernel, disk, from }: Options): Promise<BuildFile> {
  const hasParts = kernel !== undefined || disk !== undefined || from !== undefined
  if (file === undefined && hasParts) return {}
  const path = file ?? DEFAULT_FILE
  if (file === undefined && !existsSync(path)) {
    throw new OvmsError('usage', `There is no ${DEFAULT_FILE} here, and no parts were given`, {
      hint: 'Name a build file with -f, or parts with --kernel and --disk',
    })
  }
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new OvmsError('file-unreadable', `Cannot read ${path}: ${messageOf(cause)}`, {
      cause,
      actual: path,
    })
  })
  return parseBuildFile(text, path)
}

/** What the command line says wins over the build file; disks are added above those of the file. */
function mergeFlags(file: BuildFile, { from, kernel, initrd, disk, args, arch }: Options): BuildFile {
  const kernelPart = {
    ...file.kernel,
    ...(kernel !== undefined && { file: resolve(kernel) }),
    ...(args !== undefined && { args }),
  }
  return {
    ...file,
    ...(from !== undefined && { from }),
    ...(Object.keys(kernelPart).length > 0 && { kernel: kernelPart }),
    ...(initrd !== undefined && { initrd: { file: resolve(initrd) } }),
    ...(disk && { disks: [...(file.disks ?? []), ...disk.map(parseDisk)] }),
    ...(arch !== undefined && { platform: { ...file.platform, architecture: arch } }),
  }
}

function parseDisk(text: string): { file: string; format?: 'qcow2' | 'raw' } {
  const [, path, format] = /^(.+):(qcow2|raw)$/.exec(text) ?? []
  return path === undefined
    ? { file: resolve(text) }
    : { file: resolve(path), format: format as 'qcow2' | 'raw' }
}

function defaults({ repository, tag }: Reference): { name: string; version: string } {
  return { name: repository.slice(repository.lastIndexOf('/') + 1), version: tag ?? 'latest' }
}

/** reproducible-builds.org: seconds since 1970 at which the sources were last changed. */
function createdFrom({ SOURCE_DATE_EPOCH: epoch }: Context['environment']): string | undefined {
  if (epoch === undefined || epoch === '') return undefined
  if (/^\d{1,11}$/.test(epoch)) return new Date(Number(epoch) * 1000).toISOString().replace('.000Z', 'Z')
  throw new OvmsError('usage', `SOURCE_DATE_EPOCH is not a number of seconds: ${JSON.stringify(epoch)}`, {
    actual: epoch,
  })
}

function report(name: string, { root, blobs }: Artifact, durationMs: number, { output }: Context): void {
  const size = blobs.reduce((sum, blob) => sum + blob.size, 0)
  if (output.json)
    return output.document({ name, digest: root.digest, size, duration_ms: Math.round(durationMs) })
  if (output.quiet) return output.line(root.digest)
  output.line(`${name}  ${root.digest}  ${formatBytes(size)}`)
  output.suggest(`Run it with "ovm run ${name}", show it with "ovm inspect ${name}"`)
}

function collectValue(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}
