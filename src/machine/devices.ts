import { formatBytes } from '../base/bytes.ts'
import { OvmsError } from '../base/error.ts'
import type { Device } from '../model/ovms-manifest.ts'
import { isPowerOfTwo } from '../model/rules.ts'
import type { Capabilities } from './hypervisor.ts'

/** Memory that a PCI device shows to the guest. */
export interface SharedMemory {
  readonly type: 'ivshmem'
  /** What the manifest calls it; for people. */
  readonly name: string
  /** Bytes, a power of two: the size of a PCI BAR. */
  readonly size: number
}

/** A page of the host: what memory is shared in. */
const SMALLEST_BYTES = 4096

/**
 * Reads the devices of a manifest, at the point where they are used.
 *
 * @throws {OvmsError} `format-unsupported` for a type that is not known, `artifact-invalid` for an impossible size
 */
export function planDevices(devices: readonly Device[], { devices: known }: Capabilities): SharedMemory[] {
  return devices.map(({ type, name, size }) => {
    if (type !== 'ivshmem' || !known.includes(type)) {
      throw new OvmsError(
        'format-unsupported',
        `Device ${JSON.stringify(name)} is of unknown type ${JSON.stringify(type)}`,
        {
          actual: type,
          hint: known.length > 0 ? `Known here: ${known.join(', ')}` : 'This hypervisor has none',
        },
      )
    }
    return { type, name, size: checkSize(name, size) }
  })
}

function checkSize(name: string, size: number | undefined): number {
  if (size !== undefined && isPowerOfTwo(size)) return size
  throw new OvmsError(
    'artifact-invalid',
    `Device ${JSON.stringify(name)} has the size ${size ?? 'nothing'}`,
    {
      actual: size,
      hint: `Shared memory is a power of two, at least ${formatBytes(SMALLEST_BYTES)}`,
    },
  )
}
