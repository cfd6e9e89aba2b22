import { join } from 'node:path'

/** Where the things of an instance are: one folder each, which is also the working directory of its hypervisor. */
export class InstancePaths {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /** The record, replaced as a whole. */
  get record(): string {
    return join(this.folder, 'instance.json')
  }

  /** What the guest writes to its disk. */
  get overlay(): string {
    return join(this.folder, 'overlay.qcow2')
  }

  /** Raw bytes of the serial console. */
  get console(): string {
    return join(this.folder, 'console.log')
  }

  /** Standard output and standard error of the hypervisor. */
  get hypervisorLog(): string {
    return join(this.folder, 'hypervisor.log')
  }

  /** Both, and the life of the instance, as log records. */
  get log(): string {
    return join(this.folder, 'log.ndjson')
  }

  /** Written by the hypervisor itself before the guest runs. */
  get pidFile(): string {
    return join(this.folder, 'hypervisor.pid')
  }
}
