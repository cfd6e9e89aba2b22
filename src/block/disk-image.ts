import { open } from 'node:fs/promises'
import { OvmsError } from '../base/error.ts'
import { storeError } from '../base/files.ts'
import type { Signalled } from '../base/signal.ts'
import { HEADER_BYTES, parseQcow2Header, QCOW2_MAGIC, type Qcow2Header } from './qcow2/header.ts'

export const DISK_FORMATS = ['qcow2', 'raw'] as const
export type DiskFormat = (typeof DISK_FORMATS)[number]

export interface DiskImage {
  readonly format: DiskFormat
  /** Bytes the guest sees. */
  readonly virtualSize: number
}

/** Where in a chain of layers an image stands. */
export interface DiskPlace {
  readonly format: string
  /** It is the lowest layer: the only place for a raw image. */
  readonly isBottom: boolean
  /** It is the only layer: then a backing name in it would mean a file that nobody described. */
  readonly isAlone: boolean
}

/** @throws {OvmsError} `format-unsupported` */
export function parseDiskFormat(format: string): DiskFormat {
  const known = DISK_FORMATS.find((each) => each === format)
  if (known) return known
  throw new OvmsError('format-unsupported', `Disk format ${JSON.stringify(format)} is not known here`, {
    actual: format,
    hint: 'Known are qcow2 and raw; convert it with "qemu-img convert"',
  })
}

/** What the first bytes of an image say it is. */
export function detectDiskFormat(head: Uint8Array): DiskFormat {
  const magic = head.length >= 4 ? new DataView(head.buffer, head.byteOffset, 4).getUint32(0) : 0
  return magic === QCOW2_MAGIC ? 'qcow2' : 'raw'
}

/**
 * Reads the header of a disk image and refuses what could make the host open, follow or trust anything else.
 * spec/disks.md
 *
 * @throws {OvmsError} `format-unsupported`, `disk-invalid`, `disk-refused`, `file-unreadable`
 */
export async function inspectDisk(
  path: string,
  place: DiskPlace,
  { signal }: Signalled = {},
): Promise<DiskImage> {
  signal?.throwIfAborted()
  const { head, size } = await readHead(path)
  return checkDisk(head, size, place, path)
}

/** The decision of {@link inspectDisk}, on the first {@link HEADER_BYTES} bytes of an image of `size` bytes. */
export function checkDisk(head: Uint8Array, size: number, place: DiskPlace, name: string): DiskImage {
  const format = parseDiskFormat(place.format)
  if (format === 'raw') {
    if (!place.isBottom)
      refuse(name, 'raw', 'a raw image holds a whole disk, so it can only be the bottom layer')
    if (size === 0) refuse(name, size, 'it is empty')
    return { format, virtualSize: size }
  }
  const header = parseQcow2Header(head)
  checkHeader(header, place, name)
  return { format, virtualSize: header.virtualSize }
}

function checkHeader(header: Qcow2Header, { isAlone }: DiskPlace, name: string): void {
  if (header.isEncrypted) refuse(name, 'encrypted', 'it is encrypted')
  if (header.isCorrupt)
    refuse(name, 'corrupt', 'it is marked corrupt', 'Repair a copy with "qemu-img check -r all"')
  if (header.dataFile !== undefined) {
    refuse(name, header.dataFile, `it keeps its data in another file (${JSON.stringify(header.dataFile)})`)
  }
  if (header.backingFile !== undefined && isAlone) {
    refuse(
      name,
      header.backingFile,
      `it is an overlay of ${JSON.stringify(header.backingFile)}, which is not part of the artifact`,
      'Put the layers below it before it, or flatten it with "qemu-img convert"',
    )
  }
}

async function readHead(path: string): Promise<{ head: Uint8Array; size: number }> {
  try {
    const file = await open(path, 'r')
    try {
      const { size } = await file.stat()
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0)
      return { head: buffer.subarray(0, bytesRead), size }
    } finally {
      await file.close()
    }
  } catch (cause) {
    throw storeError(cause, path)
  }
}

function refuse(
  name: string,
  actual: unknown,
  why: string,
  hint = 'Convert it with "qemu-img convert"',
): never {
  throw new OvmsError('disk-refused', `Disk ${name} is refused: ${why}`, { actual, hint })
}
