import { join } from 'node:path'
import { Qemu } from '../hypervisors/qemu/qemu.ts'
import type { Hypervisor } from '../machine/hypervisor.ts'

/** Every adapter, by the name it is chosen under; the first is the default. A new one is one line here. */
export function hypervisors(home: string): Record<string, Hypervisor> {
  return {
    qemu: new Qemu({ cacheFolder: join(home, 'cache') }),
  }
}
