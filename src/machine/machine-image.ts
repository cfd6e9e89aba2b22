import { OvmsError } from '../base/error.ts'
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
  readonly disks: readonly ImageDisk[]
  /** All that must stay in the store while an instance of it is there. */
  readonly blobs: readonly Digest[]
}

/** A layer of the disk, and what the artifact says of its size. */
export interface ImageDisk {
  readonly digest: Digest
  readonly format: string
  /** Bytes of the blob. */
  readonly blobSize?: number
  /** Bytes as the manifest has them: of the blob, or of the disk the guest sees. */
  readonly size?: number
}

/**
 * The blobs as files, the headers of the disks read.
 *
 * @throws {OvmsError} `disk-invalid`, `disk-refused`, `format-unsupported`, `artifact-invalid`
 */
export async function inspectFiles(
  { kernel, initrd, disks }: MachineImage,
  store: ImageStore,
  options: Signalled = {},
): Promise<MachineFiles> {
  const isAlone = disks.length === 1
  const inspected = disks.map(async (disk, index): Promise<DiskFile> => {
    const path = store.pathOf(disk.digest)
    const place = { format: disk.format, isBottom: index === 0, isAlone }
    const image = await inspectDisk(path, place, options)
    requireSize(disk, image.virtualSize)
    return { path, ...image }
  })
  return {
    ...(kernel && { kernel: store.pathOf(kernel) }),
    ...(initrd && { initrd: store.pathOf(initrd) }),
    disks: await Promise.all(inspected),
  }
}

function requireSize({ digest, size, blobSize }: ImageDisk, virtualSize: number): void {
  if (size === undefined || size === blobSize || size === virtualSize) return
  throw new OvmsError(
    'artifact-invalid',
    `The layer ${digest} says ${size} bytes, the disk has ${virtualSize}`,
    {
      actual: size,
      hint: 'Ask whoever published it; "ovm validate" lists every rule',
    },
  )
}
