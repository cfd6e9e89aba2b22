import type { Signalled } from '../base/signal.ts'
import { inspectDisk } from '../block/disk-image.ts'
import type { Digest } from '../model/digest.ts'
import type { OvmsManifest } from '../model/ovms-manifest.ts'
import type { ImageStore } from './image-store.ts'
import type { DiskFile, MachineFiles } from './plan.ts'

/** A machine as an artifact describes it, its blobs found. */
export interface MachineImage {
  /** What the user asked for. */
  readonly reference: string
  /** Of the artifact. */
  readonly digest: Digest
  readonly manifest: OvmsManifest
  /** The kernel's name: `x86_64`. */
  readonly architecture: string
  readonly kernel?: Digest
  readonly initrd?: Digest
  /** From the base upwards. */
  readonly disks: readonly { readonly digest: Digest; readonly format: string }[]
  /** All that must stay in the store while an instance of it is there. */
  readonly blobs: readonly Digest[]
}

/**
 * The blobs as files, the headers of the disks read.
 *
 * @throws {OvmsError} `disk-invalid`, `disk-refused`, `format-unsupported`
 */
export async function inspectFiles(
  { kernel, initrd, disks }: MachineImage,
  store: ImageStore,
  options: Signalled = {},
): Promise<MachineFiles> {
  const isAlone = disks.length === 1
  const inspected = disks.map(async ({ digest, format }, index): Promise<DiskFile> => {
    const path = store.pathOf(digest)
    return { path, ...(await inspectDisk(path, { format, isBottom: index === 0, isAlone }, options)) }
  })
  return {
    ...(kernel && { kernel: store.pathOf(kernel) }),
    ...(initrd && { initrd: store.pathOf(initrd) }),
    disks: await Promise.all(inspected),
  }
}
