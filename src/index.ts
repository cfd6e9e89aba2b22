/**
 * The library: everything `ovm` is made of, for programs of your own. The names here are stable, paths inside the
 * package are not.
 */
export { DaemonClient } from './api/client.ts'
export type { InstanceStatus } from './api/instance-status.ts'
export type { LogRecord } from './api/log-record.ts'
export type { StartRequest } from './api/start-request.ts'
export { isOvmsError, OvmsError } from './base/error.ts'
export { ERROR_CODES, type ErrorCode } from './base/error-codes.ts'
export { type CopyOptions, type CopyResult, copy, copyTree, type Location } from './content/copy.ts'
export { MemoryStore } from './content/memory-store.ts'
export type * from './content/ports.ts'
export type { TransferEvent, TransferListener } from './content/transfer-event.ts'
export { readVerified, verified } from './content/verified.ts'
export { ArchiveReader } from './layout/archive-reader.ts'
export { ArchiveWriter } from './layout/archive-writer.ts'
export { LayoutStore } from './layout/layout-store.ts'
export { LayoutRepositories } from './layout/repositories.ts'
export type { Descriptor, Platform } from './model/descriptor.ts'
export { type Digest, digestOf, isDigest, parseDigest } from './model/digest.ts'
export { ANNOTATIONS, MEDIA_TYPES } from './model/media-types.ts'
export { type OciIndex, parseOciIndex } from './model/oci-index.ts'
export { type OciManifest, parseOciManifest } from './model/oci-manifest.ts'
export { type OvmsManifest, parseOvmsManifest } from './model/ovms-manifest.ts'
export {
  formatReference,
  isRemote,
  parseReference,
  type Reference,
  type RemoteReference,
  withDefaultTag,
} from './model/reference.ts'
export { checkArtifact, type Finding, RULES, type Rule } from './model/rules.ts'
export { type Artifact, blobOf, readArtifact, requireConsistent } from './packaging/artifact.ts'
export { type BuildOptions, build } from './packaging/build.ts'
export { type BuildFile, parseBuildFile } from './packaging/build-file.ts'
export type { FolderSource } from './packaging/folder-source.ts'
export { importFolder, openFolder } from './packaging/import-folder.ts'
export { type Obtained, type ObtainOptions, obtain, type PullPolicy, pull } from './packaging/obtain.ts'
export { RegistryRepository } from './registry/client/repository.ts'
export { RegistryServer } from './registry/server/server.ts'
