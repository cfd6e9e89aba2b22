import { type Document, parseJsonObject } from './json-document.ts'
import { MEDIA_TYPES } from './media-types.ts'
import { type Shape, validator } from './validator.ts'

const blobReference = {
  type: 'string',
  description: 'Digest of a blob of the same artifact, or a registry reference with a digest.',
} as const

export const ovmsManifestSchema = {
  $id: 'https://ovms.dev/schemas/manifest.v1.schema.json',
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'OVMS manifest',
  description:
    'One virtual machine: what it boots, its disk, its devices. Unknown fields are kept and ignored.',
  type: 'object',
  required: ['schemaVersion', 'mediaType', 'name', 'version'],
  properties: {
    schemaVersion: { type: 'integer', const: 1 },
    mediaType: { type: 'string', const: MEDIA_TYPES.ovmsManifest },
    name: { type: 'string', description: 'What the machine is called; not a reference.' },
    version: { type: 'string', description: 'Free text, mostly the tag.' },
    kernel: {
      type: 'object',
      required: ['ref'],
      properties: { ref: blobReference, args: { type: 'string', description: 'The kernel command line.' } },
    },
    initrd: { type: 'object', required: ['ref'], properties: { ref: blobReference } },
    diskLayers: {
      type: 'array',
      description: 'One disk, from its base upwards: each layer holds what differs from those before it.',
      items: {
        type: 'object',
        required: ['ref', 'format'],
        properties: {
          ref: blobReference,
          format: { type: 'string', description: '`qcow2`, or `raw` for the base.' },
          size: {
            type: 'integer',
            description: "The blob's bytes; readers also accept the disk's virtual size.",
          },
        },
      },
    },
    ramSnapshot: {
      type: 'object',
      required: ['ref'],
      properties: {
        ref: blobReference,
        compression: { type: 'string', default: 'lz4', description: '`lz4` or `zstd`.' },
        preload_hint: { type: 'boolean', default: false },
        mlock_required: { type: 'boolean', default: false },
      },
    },
    devices: {
      type: 'array',
      items: {
        type: 'object',
        required: ['type', 'name'],
        properties: {
          type: { type: 'string', description: '`ivshmem`.' },
          name: { type: 'string' },
          size: { type: 'integer', description: 'Bytes; for ivshmem a power of two.' },
          mmio_addr: { type: 'string', description: 'Kept and shown, never mapped: ivshmem is a PCI BAR.' },
        },
      },
    },
    metadata: {
      type: 'object',
      properties: {
        author: { type: 'string' },
        created: { type: 'string', format: 'date-time' },
        platform: {
          type: 'object',
          properties: {
            arch: { type: 'string', description: "The kernel's name: `x86_64`, `aarch64`." },
            uefi: { type: 'boolean' },
          },
        },
      },
    },
    runtimeHints: {
      type: 'object',
      properties: {
        preferredRuntime: { type: 'array', items: { type: 'string' } },
        coldStartTargetMs: { type: 'integer', description: 'Milliseconds.' },
      },
    },
  },
} as const

/** One virtual machine, as its publisher describes it. spec/manifest.md */
export type OvmsManifest = Shape<typeof ovmsManifestSchema>
export type DiskLayer = NonNullable<OvmsManifest['diskLayers']>[number]
export type Device = NonNullable<OvmsManifest['devices']>[number]

const validate = validator(ovmsManifestSchema, 'manifest-invalid', 'The OVMS manifest')

/**
 * Reads an OVMS manifest. Fields and values that are not known are no error here but where they are used.
 *
 * @throws {OvmsError} `manifest-too-large`, `manifest-invalid`
 */
export function parseOvmsManifest(bytes: Uint8Array): Document<OvmsManifest> {
  return { value: validate(parseJsonObject(bytes, 'The OVMS manifest')), bytes }
}
