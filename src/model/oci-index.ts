import { annotationsSchema, type Descriptor, descriptorSchema, toDescriptor } from './descriptor.ts'
import { type Document, parseJsonObject, refuseKey } from './json-document.ts'
import { type Shape, validator } from './validator.ts'

const { $id: _id, $schema: _schema, ...embeddedDescriptor } = descriptorSchema

export const ociIndexSchema = {
  $id: 'https://ovms.dev/schemas/oci-index.v1.schema.json',
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'OCI image index, as OVMS reads it',
  type: 'object',
  required: ['schemaVersion', 'manifests'],
  properties: {
    schemaVersion: { type: 'integer', const: 2 },
    mediaType: { type: 'string' },
    artifactType: { type: 'string' },
    manifests: { type: 'array', items: embeddedDescriptor, maxItems: 10_000 },
    subject: embeddedDescriptor,
    annotations: annotationsSchema,
  },
} as const

type IndexShape = Shape<typeof ociIndexSchema>

/** An OCI image index whose descriptors are proved. */
export interface OciIndex extends Omit<IndexShape, 'manifests' | 'subject'> {
  readonly manifests: readonly Descriptor[]
  readonly subject?: Descriptor
}

const validate = validator(ociIndexSchema, 'manifest-invalid', 'The OCI index')

/**
 * Reads an OCI image index.
 *
 * @throws {OvmsError} `manifest-too-large`, `manifest-invalid`, `digest-invalid`, `digest-unsupported`
 */
export function parseOciIndex(bytes: Uint8Array): Document<OciIndex> {
  const object = parseJsonObject(bytes, 'The OCI index')
  refuseKey(object, 'layers', 'The OCI index')
  const { manifests, subject, ...rest } = validate(object)
  const value: OciIndex = {
    ...rest,
    manifests: manifests.map(toDescriptor),
    ...(subject && { subject: toDescriptor(subject) }),
  }
  return { value, bytes }
}
