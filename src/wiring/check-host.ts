import { statfs } from 'node:fs/promises'
import { formatBytes } from '../base/bytes.ts'
import { isOvmsError, messageOf } from '../base/error.ts'
import type { Signalled } from '../base/signal.ts'
import type { HostCheck } from '../cli/context.ts'
import { findDaemon } from '../cli/launch-daemon.ts'
import type { LayoutStore } from '../layout/layout-store.ts'
import { hypervisors } from './hypervisors.ts'

interface Host extends Signalled {
  readonly home: string
  readonly socketPath: string
  readonly openStore: () => Promise<LayoutStore>
}

/** Free space below which a warning is due, in bytes: less than one ordinary VM image. */
const LITTLE_SPACE_BYTES = 4 * 2 ** 30

/** What `ovm doctor` tells: each part that a machine needs, with what was found and what to do. */
export async function checkHost(host: Host): Promise<readonly HostCheck[]> {
  const checks = await Promise.all([checkNode(), checkHypervisors(host), checkStore(host), checkDaemon(host)])
  return checks.flat()
}

async function checkNode(): Promise<HostCheck> {
  return {
    name: 'Node',
    status: 'ok',
    found: `${process.versions.node} on ${process.platform} ${process.arch}`,
  }
}

async function checkHypervisors({ home, signal }: Host): Promise<HostCheck[]> {
  const all = Object.values(hypervisors(home))
  const checks = await Promise.all(
    all.map(async (hypervisor): Promise<HostCheck[]> => {
      try {
        const { name, version, binary, accelerations } = await hypervisor.probe({ signal })
        return [
          { name, status: 'ok', found: `${version} (${binary})` },
          ...accelerations.map(
            ({ name: kind, works, reason }): HostCheck => ({
              name: kind,
              status: works ? 'ok' : 'warning',
              found: reason,
            }),
          ),
        ]
      } catch (error) {
        return [failed(hypervisor.name, error)]
      }
    }),
  )
  return checks.flat()
}

async function checkStore({ home, openStore }: Host): Promise<HostCheck> {
  try {
    const store = await openStore()
    const { bavail, bsize } = await statfs(store.paths.root)
    const free = bavail * bsize
    const found = `${home}, ${(await store.list()).length} artifacts, ${formatBytes(free)} free`
    if (free >= LITTLE_SPACE_BYTES) return { name: 'store', status: 'ok', found }
    return {
      name: 'store',
      status: 'warning',
      found,
      hint: 'Run "ovm prune", or set OVM_HOME to a larger disk',
    }
  } catch (error) {
    return failed('store', error)
  }
}

async function checkDaemon(host: Host): Promise<HostCheck> {
  try {
    const health = await (await findDaemon(host))?.health()
    if (!health) return { name: 'daemon', status: 'ok', found: 'not running; "ovm run" starts it' }
    const { pid, version, instances } = health
    return {
      name: 'daemon',
      status: 'ok',
      found: `pid ${pid}, version ${version}, ${instances.running} machines running`,
      pid,
    }
  } catch (error) {
    return failed('daemon', error)
  }
}

function failed(name: string, error: unknown): HostCheck {
  const hint = isOvmsError(error) ? error.hint : undefined
  return { name, status: 'failed', found: messageOf(error), ...(hint !== undefined && { hint }) }
}
