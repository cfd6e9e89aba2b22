import { open, rm } from 'node:fs/promises'
import { storeError } from '../../base/files.ts'
import { QCOW2_MAGIC } from './header.ts'

const CLUSTER_BITS = 16
const CLUSTER_BYTES = 2 ** CLUSTER_BITS

/** Bytes of disk that one entry of the L1 table covers: a cluster full of 8-byte L2 entries, a cluster each. */
const L1_ENTRY_COVERS = (CLUSTER_BYTES / 8) * CLUSTER_BYTES

/** Refcounts are 16 bits wide: order 4. */
const REFCOUNT_ORDER = 4

/**
 * Writes an empty qcow2 image: the writable end of an instance's disk chain. It names no backing file; whoever opens
 * it says what lies below, so no file name can be followed. In it everything is unallocated.
 *
 * @param virtualSize bytes the guest sees, rounded up to a sector of 512
 * @throws {OvmsError} `store-full`, `store-failed`
 */
export async function createQcow2(path: string, virtualSize: number): Promise<void> {
  const size = Math.ceil(virtualSize / 512) * 512
  try {
    const file = await open(path, 'wx', 0o600)
    try {
      await file.write(emptyImage(size), 0, undefined, 0)
      await file.truncate(metadataClusters(size) * CLUSTER_BYTES)
    } finally {
      await file.close()
    }
  } catch (cause) {
    await rm(path, { force: true })
    throw storeError(cause, path)
  }
}

/** Clusters: the header, one of refcount table, one refcount block (covers 2 GiB of file), then the zeroed L1 table. */
function emptyImage(size: number): Uint8Array {
  const l1Entries = Math.ceil(size / L1_ENTRY_COVERS)
  const bytes = Buffer.alloc(3 * CLUSTER_BYTES)
  bytes.writeUInt32BE(QCOW2_MAGIC, 0)
  bytes.writeUInt32BE(3, 4)
  bytes.writeUInt32BE(CLUSTER_BITS, 20)
  bytes.writeBigUInt64BE(BigInt(size), 24)
  bytes.writeUInt32BE(l1Entries, 36)
  bytes.writeBigUInt64BE(BigInt(3 * CLUSTER_BYTES), 40)
  bytes.writeBigUInt64BE(BigInt(CLUSTER_BYTES), 48)
  bytes.writeUInt32BE(1, 56)
  bytes.writeUInt32BE(REFCOUNT_ORDER, 96)
  bytes.writeUInt32BE(104, 100)
  bytes.writeBigUInt64BE(BigInt(2 * CLUSTER_BYTES), CLUSTER_BYTES)
  for (let cluster = 0; cluster < metadataClusters(size); cluster++) {
    bytes.writeUInt16BE(1, 2 * CLUSTER_BYTES + 2 * cluster)
  }
  return bytes
}

function metadataClusters(size: number): number {
  return 3 + Math.max(1, Math.ceil((Math.ceil(size / L1_ENTRY_COVERS) * 8) / CLUSTER_BYTES))
}
