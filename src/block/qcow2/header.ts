import { OvmsError } from '../../base/error.ts'

/** `QFI` and 0xfb, the first bytes of every qcow2 image (QEMU docs/interop/qcow2.txt, "Header"). */
export const QCOW2_MAGIC = 0x514649fb

/** What the header of a qcow2 image says, as far as OVMS has to know it. */
export interface Qcow2Header {
  readonly version: 2 | 3
  /** Bytes the guest sees. */
  readonly virtualSize: number
  readonly clusterBits: number
  /** Name of another file that the image wants opened. */
  readonly backingFile?: string
  /** Name of another file that holds the image's data; empty where the image has one and does not say where. */
  readonly dataFile?: string
  readonly isEncrypted: boolean
  readonly isCorrupt: boolean
}

/** Bytes of the header and its extensions that are looked at: the smallest cluster that is common, 64 KiB. */
export const HEADER_BYTES = 64 * 1024

const INCOMPATIBLE = { dirty: 1n, corrupt: 2n, dataFile: 4n, compressionType: 8n, extendedL2: 16n } as const
const KNOWN_INCOMPATIBLE = Object.values(INCOMPATIBLE).reduce((all, bit) => all | bit, 0n)
const EXTENSION = { end: 0, dataFile: 0x44415441 } as const

/**
 * Reads a header from the first bytes of an image. spec/disks.md
 *
 * @throws {OvmsError} `disk-invalid`
 */
export function parseQcow2Header(bytes: Uint8Array): Qcow2Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 72)
    refuse(`a qcow2 header has at least 72 bytes, there are ${bytes.length}`, bytes.length)
  const magic = view.getUint32(0)
  if (magic !== QCOW2_MAGIC)
    refuse(`it does not start with the qcow2 magic but with 0x${magic.toString(16)}`, magic)
  const version = view.getUint32(4)
  if (version !== 2 && version !== 3) refuse(`its qcow2 version is ${version}, known are 2 and 3`, version)
  if (version === 3 && bytes.length < 104) refuse('its header is cut short', bytes.length)
  const clusterBits = view.getUint32(20)
  if (clusterBits < 9 || clusterBits > 21)
    refuse(`its clusters have 2^${clusterBits} bytes, known are 2^9 to 2^21`, clusterBits)
  const size = view.getBigUint64(24)
  if (size > BigInt(Number.MAX_SAFE_INTEGER))
    refuse(`its size of ${size} bytes is beyond what is possible`, String(size))
  const incompatible = version === 3 ? view.getBigUint64(72) : 0n
  const unknown = incompatible & ~KNOWN_INCOMPATIBLE
  if (unknown !== 0n)
    refuse(`it needs features that are not known (bits 0x${unknown.toString(16)})`, String(unknown))
  const backingFile = readBackingFile(bytes, view)
  const dataFile = readDataFile(bytes, view, version, (incompatible & INCOMPATIBLE.dataFile) !== 0n)
  return {
    version,
    virtualSize: Number(size),
    clusterBits,
    ...(backingFile !== undefined && { backingFile }),
    ...(dataFile !== undefined && { dataFile }),
    isEncrypted: view.getUint32(32) !== 0,
    isCorrupt: (incompatible & INCOMPATIBLE.corrupt) !== 0n,
  }
}

function readBackingFile(bytes: Uint8Array, view: DataView): string | undefined {
  const offset = view.getBigUint64(8)
  const length = view.getUint32(16)
  if (offset === 0n) return undefined
  if (length > 1023) refuse(`its backing file name has ${length} bytes, at most 1023 are allowed`, length)
  // A name beyond what was read is still a name: the image wants another file.
  return Buffer.from(bytes.subarray(Number(offset), Number(offset) + length)).toString('utf8')
}

function readDataFile(
  bytes: Uint8Array,
  view: DataView,
  version: 2 | 3,
  hasDataFile: boolean,
): string | undefined {
  if (!hasDataFile) return undefined
  let position = version === 3 ? view.getUint32(100) : 72
  while (position + 8 <= bytes.length) {
    const type = view.getUint32(position)
    const length = view.getUint32(position + 4)
    if (type === EXTENSION.end) break
    if (type === EXTENSION.dataFile)
      return Buffer.from(bytes.subarray(position + 8, position + 8 + length)).toString('utf8')
    position += 8 + Math.ceil(length / 8) * 8
  }
  return ''
}

function refuse(why: string, actual: unknown): never {
  throw new OvmsError('disk-invalid', `Not a usable qcow2 image: ${why}`, {
    actual,
    hint: 'Check it with "qemu-img info" and "qemu-img check"',
  })
}
