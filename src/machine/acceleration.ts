import { OvmsError } from '../base/error.ts'
import type { HypervisorReport } from './hypervisor.ts'
import type { Accelerator } from './plan.ts'

export type WantedAcceleration = Accelerator | 'auto'

/**
 * The acceleration a machine gets: the one that was asked for, or the fastest that works.
 *
 * @throws {OvmsError} `acceleration-unavailable`
 */
export function chooseAcceleration(wanted: WantedAcceleration, report: HypervisorReport): Accelerator {
  const { accelerations } = report
  if (wanted === 'auto') {
    const fastest = accelerations.find(({ works }) => works)
    if (fastest) return fastest.name
  }
  const found = accelerations.find(({ name }) => name === wanted)
  if (found?.works) return found.name
  const why = found?.reason ?? `${report.name} has no ${wanted} for ${report.architecture} on this host`
  throw new OvmsError('acceleration-unavailable', `Acceleration ${wanted} does not work here: ${why}`, {
    actual: wanted,
    hint: `Use --accel auto, which takes ${accelerations.find(({ works }) => works)?.name ?? 'what works'}`,
  })
}

/** One sentence for people when the machine is slower than the host could hope for; undefined when it is not. */
export function slowerThanHoped(
  chosen: Accelerator,
  { accelerations }: HypervisorReport,
): string | undefined {
  const [fastest] = accelerations
  if (!fastest || fastest.name === chosen || fastest.works) return undefined
  return `Running with ${chosen}, which emulates every instruction: ${fastest.name} does not work here (${fastest.reason})`
}
