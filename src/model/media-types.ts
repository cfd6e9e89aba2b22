/** Every media type and annotation key of the spec. spec/media-types.md */
export const MEDIA_TYPES = {
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociEmpty: 'application/vnd.oci.empty.v1+json',
  ovmsManifest: 'application/vnd.ovms.manifest.v1+json',
  kernel: 'application/vnd.ovms.kernel.v1',
  initrd: 'application/vnd.ovms.initrd.v1',
  disk: 'application/vnd.oci.image.layer.v1.tar',
  ramSnapshotLz4: 'application/vnd.ovms.ramsnap.v1+lz4',
  ramSnapshotZstd: 'application/vnd.ovms.ramsnap.v1+zstd',
} as const

/** Docker's twins of the OCI types: read as what they are, never written. */
export const DOCKER_MEDIA_TYPES = {
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
  index: 'application/vnd.docker.distribution.manifest.list.v2+json',
} as const

export const ANNOTATIONS = {
  title: 'org.opencontainers.image.title',
  referenceName: 'org.opencontainers.image.ref.name',
  created: 'org.opencontainers.image.created',
  version: 'org.opencontainers.image.version',
  format: 'ovms.format',
} as const

export function isManifestType(mediaType: string): boolean {
  return mediaType === MEDIA_TYPES.ociManifest || mediaType === DOCKER_MEDIA_TYPES.manifest
}

export function isIndexType(mediaType: string): boolean {
  return mediaType === MEDIA_TYPES.ociIndex || mediaType === DOCKER_MEDIA_TYPES.index
}
