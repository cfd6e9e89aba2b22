import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { projectFolder } from '../scripts/folders.ts'
import { formatBytes } from '../src/base/bytes.ts'
import { formatTable } from '../src/cli/print/table.ts'
import { type Measured, measure } from './measured-process.ts'
import { type Peer, presentPeers } from './peers.ts'
import { makeRandomArtifact } from './random-artifact.ts'
import { registries } from './registries.ts'
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
    for (const registry of registries(folder)) {
      await using served = await registry.serve()
      const results: Result[] = movers.map(({ name }) => ({
        mover: name,
        push: [],
        pull: [],
      }))
      for (let round = 0; round < ROUNDS; round++) {
        for (const [index, mover] of movers.entries()) {
          const reference = `${served.address}/${mover.name}/round-${round}:1`
          const places = {
            layout: home,
            name: ARTIFACT.name,
            digest,
            files: files.map((file) => basename(file)),
            reference,
            empty: join(folder, 'pulled'),
          }
          const pulling = { ...places, layout: places.empty }
          const { program, push, pull, env } = mover
          results[index]?.push.push(
            await measure(program, push(places), { cwd: filesFolder, env: env?.(places) }),
          )
          results[index]?.pull.push(
            await measure(program, pull(pulling), { cwd: filesFolder, env: env?.(pulling) }),
          )
          await rm(places.empty, { recursive: true, force: true })
          process.stderr.write('.')
        }
      }
      report(registry.name, results)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
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
