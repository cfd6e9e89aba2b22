import { type Digest, parseDigest } from './digest.ts'
import type { Shape } from './validator.ts'

/** The shapes that several OCI documents share, to be spread into their schemas. */
export const annotationsSchema = {
  type: 'object',
  description: 'Free text by key.',
  additionalProperties: { type: 'string' },
} as const

export const platformSchema = {
  type: 'object',
  description: 'The machine an artifact is for, in the words of Go (`amd64`, `arm64`).',
  required: ['architecture', 'os'],
  properties: {
    architecture: { type: 'string' },
    os: { type: 'string' },
    variant: { type: 'string' },
  },
} as const

export const descriptorSchema = {
  $id: 'https://ovms.dev/schemas/descriptor.v1.schema.json',
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'OCI content descriptor',
  type: 'object',
  required: ['mediaType', 'digest', 'size'],
  properties: {
    mediaType: { type: 'string', description: 'What the bytes are.' },
    digest: { type: 'string', description: '`algorithm:hex` of the bytes.' },
    size: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'Number of bytes.' },
    annotations: annotationsSchema,
    artifactType: { type: 'string', description: 'Type of the artifact that a manifest stands for.' },
    platform: platformSchema,
    urls: { type: 'array', items: { type: 'string' }, description: 'Never followed by OVMS.' },
    data: { type: 'string', description: 'The bytes themselves in base64, for small content.' },
  },
} as const

export type Platform = Shape<typeof platformSchema>

/** Names bytes by digest, size and type; unknown fields of the document are carried along. spec/descriptors.md */
export type Descriptor = Omit<Shape<typeof descriptorSchema>, 'digest'> & { readonly digest: Digest }

/**
 * Proves the digest of a descriptor that already has the schema's shape.
 *
 * @throws {OvmsError} `digest-invalid`, `digest-unsupported`
 */
export function toDescriptor(shape: Shape<typeof descriptorSchema>): Descriptor {
  return { ...shape, digest: parseDigest(shape.digest) }
}
