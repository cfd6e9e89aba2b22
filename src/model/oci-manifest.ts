import { annotationsSchema, type Descriptor, descriptorSchema, toDescriptor } from './descriptor.ts'
import { type Document, parseJsonObject, refuseKey } from './json-document.ts'
import { MEDIA_TYPES } from './media-types.ts'
import { type Shape, validator } from './validator.ts'

const { $id: _id, $schema: _schema, ...embeddedDescriptor } = descriptorSchema

export const ociManifestSchema = {
  $id: 'https://ovms.dev/schemas/oci-manifest.v1.schema.json',
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'OCI image manifest, as OVMS reads it',
  type: 'object',
  required: ['schemaVersion', 'config', 'layers'],
  properties: {
    schemaVersion: { type: 'integer', const: 2 },
    mediaType: { type: 'string' },
    artifactType: { type: 'string' },
    config: embeddedDescriptor,
    layers: { type: 'array', items: embeddedDescriptor, maxItems: 10_000 },
    subject: embeddedDescriptor,
    annotations: annotationsSchema,
  },
} as const

type ManifestShape = Shape<typeof ociManifestSchema>

/** An OCI image manifest whose descriptors are proved. */
export interface OciManifest extends Omit<ManifestShape, 'config' | 'layers' | 'subject'> {
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
  readonly subject?: Descriptor
}

const validate = validator(ociManifestSchema, 'manifest-invalid', 'The OCI manifest')

/**
 * Reads an OCI image manifest.
 *
 * @throws {OvmsError} `manifest-too-large`, `manifest-invalid`, `digest-invalid`, `digest-unsupported`
 */
export function parseOciManifest(bytes: Uint8Array): Document<OciManifest> {
  const object = parseJsonObject(bytes, 'The OCI manifest')
  refuseKey(object, 'manifests', 'The OCI manifest')
  const { config, layers, subject, ...rest } = validate(object)
  const value: OciManifest = {
    ...rest,
    config: toDescriptor(config),
    layers: layers.map(toDescriptor),
    ...(subject && { subject: toDescriptor(subject) }),
  }
  return { value, bytes }
}

/** The type of the artifact a manifest stands for: `artifactType`, else `config.mediaType` (image-spec, "Guidelines for Artifact Usage"). */
export function artifactTypeOf(manifest: OciManifest): string {
  if (manifest.artifactType !== undefined && manifest.artifactType !== '') return manifest.artifactType
  return manifest.config.mediaType
}

/** The two bytes `{}`, as every manifest without a config uses them. */
export const EMPTY_CONFIG = {
  bytes: Buffer.from('{}'),
  descriptor: toDescriptor({
    mediaType: MEDIA_TYPES.ociEmpty,
    digest: 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
    size: 2,
  }),
} as const
