import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { serveRegistry } from '../scripts/demo/ovm.ts'
import { freePort } from '../scripts/free-port.ts'
import { findProgram } from './peers.ts'

export interface BenchRegistry {
  readonly name: string
  /** Serves what lies in a folder, which is made. */
  serve(root: string): Promise<AsyncDisposable & { readonly address: string }>
}

/** The registries to measure against: distribution where it is here, and ours. */
export function registries(): readonly BenchRegistry[] {
  const distribution = findProgram('registry')
  return [
    ...(distribution === undefined
      ? []
      : [
          {
            name: 'distribution',
            serve: (root: string) => serveDistribution(distribution, root),
          },
        ]),
    { name: 'ovm registry', serve: serveRegistry },
  ]
}

export async function serveDistribution(
  program: string,
  root: string,
): Promise<AsyncDisposable & { readonly address: string }> {
  await mkdir(root, { recursive: true })
  const address = `127.0.0.1:${await freePort()}`
  const config = join(root, 'config.yml')
  const settings = {
    version: 0.1,
    storage: { filesystem: { rootdirectory: root }, delete: { enabled: true } },
    http: { addr: address },
    log: { level: 'error' },
  }
  await writeFile(config, JSON.stringify(settings))
  const child = spawn(program, ['serve', config], { stdio: 'ignore' })
  const end = async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
  for (let tries = 0; tries < 200; tries++) {
    if (
      await fetch(`http://${address}/v2/`).then(
        (answer) => answer.ok,
        () => false,
      )
    )
      return { address, [Symbol.asyncDispose]: end }
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  await end()
  throw new Error(`${program} does not answer at ${address}`)
}
