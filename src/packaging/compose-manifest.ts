import type { Digest } from '../model/digest.ts'
import { MEDIA_TYPES } from '../model/media-types.ts'
import type { DiskLayer, OvmsManifest } from '../model/ovms-manifest.ts'
import { kernelArchitecture } from '../model/platform.ts'
import type { BuildFile } from './build-file.ts'

/** What a manifest is made of beside the build file. */
export interface ManifestParts {
  readonly name: string
  readonly version: string
  readonly created?: string | undefined
  /** The manifest of the artifact that is built upon. */
  readonly base?: OvmsManifest | undefined
  readonly kernel?: Digest | undefined
  readonly initrd?: Digest | undefined
  readonly layers: readonly DiskLayer[]
}

/** The manifest: what the base said, known or not, overlaid with what the build file says. */
export function composeManifest(file: BuildFile, parts: ManifestParts): OvmsManifest {
  // A RAM snapshot belongs to the disk it was taken with, so it does not outlive a new layer.
  const { ramSnapshot: _ramSnapshot, ...base }: Partial<OvmsManifest> = parts.base ?? {}
  const args = file.kernel?.args ?? base.kernel?.args
  const created = file.metadata?.created ?? parts.created
  const architecture = file.platform?.architecture ?? base.metadata?.platform?.arch ?? process.arch
  return {
    ...base,
    schemaVersion: 1,
    mediaType: MEDIA_TYPES.ovmsManifest,
    name: file.name ?? parts.name,
    version: file.version ?? parts.version,
    ...(parts.kernel && {
      kernel: { ...base.kernel, ref: parts.kernel, ...(args !== undefined && { args }) },
    }),
    ...(parts.initrd && { initrd: { ...base.initrd, ref: parts.initrd } }),
    ...(parts.layers.length > 0 && { diskLayers: [...parts.layers] }),
    ...(file.devices && { devices: [...file.devices] }),
    metadata: {
      ...base.metadata,
      ...(file.metadata?.author !== undefined && { author: file.metadata.author }),
      ...(created !== undefined && { created }),
      platform: {
        ...base.metadata?.platform,
        arch: kernelArchitecture(architecture),
        ...(file.platform?.uefi !== undefined && { uefi: file.platform.uefi }),
      },
    },
    ...(file.runtimeHints && { runtimeHints: file.runtimeHints }),
  }
}
