import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { projectFolder } from '../scripts/folders.ts'
import { formatBytes } from '../src/base/bytes.ts'
import { formatTable } from '../src/cli/print/table.ts'
import { type Measured, measure } from './measured-process.ts'
import { type Peer, type Places, presentPeers } from './peers.ts'
import { makeRandomArtifact } from './random-artifact.ts'
import { type BenchRegistry, registries } from './registries.ts'
import { median } from './statistics.ts'

const ARTIFACT = { name: 'bench/random:1', count: 4, size: 256 * 2 ** 20 }
const ROUNDS = 3

type Mover = Peer & { readonly program: string }
type Result = { readonly mover: string; readonly push: Measured[]; readonly pull: Measured[] }

/**
 * Push and pull of four layers of 256 MiB of random data, by `ovm` and by every peer that is here, in turns, against
 * the same registry.
 */
export async function run(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ovms-bench-'))
  try {
    const home = join(folder, 'home')
    const { files, digest } = await makeRandomArtifact(folder, home, ARTIFACT)
    const movers: readonly Mover[] = [ours(home), ...presentPeers()]
    // Tools that push files know them by relative names only.
    const filesFolder = dirname(files[0] ?? folder)
    const artifact = { layout: home, name: ARTIFACT.name, digest, files: files.map((file) => basename(file)) }
    for (const registry of registries()) {
      const results = movers.map(({ name }): Result => ({ mover: name, push: [], pull: [] }))
      for (let round = 0; round < ROUNDS; round++) {
        for (const [index, mover] of movers.entries()) {
          const { push, pull } = await moveOnce(registry, mover, artifact, { folder, filesFolder })
          results[index]?.push.push(push)
          results[index]?.pull.push(pull)
          process.stderr.write('.')
        }
      }
      report(registry.name, results)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A push into an empty registry and the pull from it: whoever comes later finds nothing to reuse. */
async function moveOnce(
  registry: BenchRegistry,
  { program, push, pull, env }: Mover,
  artifact: Omit<Places, 'reference' | 'empty'>,
  { folder, filesFolder }: { readonly folder: string; readonly filesFolder: string },
): Promise<{ readonly push: Measured; readonly pull: Measured }> {
  const root = join(folder, 'registry')
  const empty = join(folder, 'pulled')
  try {
    await using served = await registry.serve(root)
    const places = { ...artifact, reference: `${served.address}/bench/random:1`, empty }
    const pulling = { ...places, layout: empty }
    return {
      push: await measure(program, push(places), { cwd: filesFolder, env: env?.(places) }),
      pull: await measure(program, pull(pulling), { cwd: filesFolder, env: env?.(pulling) }),
    }
  } finally {
    await rm(empty, { recursive: true, force: true })
    await rm(root, { recursive: true, force: true })
  }
}

function ours(home: string): Mover {
  const program = join(projectFolder, 'dist/ovm.js')
  return {
    name: 'ovm',
    program: process.execPath,
    push: ({ name, reference }) => [program, 'push', name, reference, '-q'],
    pull: ({ reference }) => [program, 'pull', reference, '-q'],
    env: ({ layout }) => ({ OVM_HOME: layout || home }),
  }
}

function report(registry: string, results: readonly Result[]): void {
  const own = results[0]
  const rows = results.map(({ mover, push, pull }) => [
    mover,
    ...[push, pull].flatMap((runs, index) => {
      const ms = median(runs.map((run) => run.ms))
      const mine = median((index === 0 ? own?.push : own?.pull)?.map((run) => run.ms) ?? [])
      const peak = Math.max(...runs.map(({ peakBytes }) => peakBytes))
      return [`${(ms / 1000).toFixed(2)} s`, (mine / ms).toFixed(2), formatBytes(peak)]
    }),
  ])
  const right = (title: string) => ({ title, align: 'right' as const })
  const columns = [
    { title: `against ${registry}` },
    right('PUSH'),
    right('OVM/IT'),
    right('PEAK'),
    right('PULL'),
    right('OVM/IT'),
    right('PEAK'),
  ]
  console.log(`\n${formatTable(columns, rows)}`)
}
