import type { Signalled } from '../base/signal.ts'
import { inspectDisk } from '../block/disk-image.ts'
import { blobDigestOrNothing } from '../model/blob-reference.ts'
import type { Digest } from '../model/digest.ts'
import type { Artifact } from './artifact.ts'

/**
 * The virtual size of each disk layer in bytes, from its header; undefined for a layer that cannot be read as what it
 * says it is, which the rules tell.
 *
 * @param pathOf where a blob of the artifact lies
 * @throws {OvmsError} `disk-invalid`, `disk-refused`
 */
export async function readVirtualSizes(
  { manifest, blobs }: Artifact,
  pathOf: (digest: Digest) => string,
  options: Signalled = {},
): Promise<readonly (number | undefined)[]> {
  const layers = manifest.diskLayers ?? []
  const sizes: (number | undefined)[] = []
  for (const [index, { ref, format }] of layers.entries()) {
    const blob = blobs.find(({ digest }) => digest === blobDigestOrNothing(ref))
    const place = { format, isBottom: index === 0, isAlone: layers.length === 1 }
    const isReadable = blob && (format === 'qcow2' || (format === 'raw' && index === 0))
    sizes.push(isReadable ? (await inspectDisk(pathOf(blob.digest), place, options)).virtualSize : undefined)
  }
  return sizes
}
