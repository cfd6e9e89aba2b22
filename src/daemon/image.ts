import type { MachineImage } from '../machine/machine-image.ts'
import type { Digest } from '../model/digest.ts'
import { kernelArchitecture } from '../model/platform.ts'
import { type Artifact, blobOf } from '../packaging/artifact.ts'

/**
 * An artifact as a machine to be started.
 *
 * @throws {OvmsError} `artifact-invalid`, `digest-invalid`, `not-supported`
 */
export function imageOf(artifact: Artifact, reference: string): MachineImage {
  const { manifest, root, manifestBlob, blobs, platform } = artifact
  const { kernel, initrd, diskLayers = [] } = manifest
  const architecture = manifest.metadata?.platform?.arch ?? platform?.architecture ?? process.arch
  const digestOf = (ref: string, role: string): Digest => blobOf(artifact, ref, role).digest
  return {
    reference,
    digest: root.digest,
    manifest,
    architecture: kernelArchitecture(architecture),
    ...(kernel && { kernel: digestOf(kernel.ref, 'kernel') }),
    ...(initrd && { initrd: digestOf(initrd.ref, 'initrd') }),
    disks: diskLayers.map(({ ref, format, size }) => {
      const blob = blobOf(artifact, ref, 'disk layer')
      return { digest: blob.digest, format, blobSize: blob.size, ...(size !== undefined && { size }) }
    }),
    blobs: [...new Set([root, manifestBlob, ...blobs].map(({ digest }) => digest))],
  }
}
