import { parseBytes } from '../base/bytes.ts'
import { OvmsError } from '../base/error.ts'
import { isObject } from '../base/json.ts'
import { nearest } from '../base/nearest.ts'
import { type Shape, validator } from '../model/validator.ts'

const port = { type: 'integer', minimum: 1, maximum: 65_535 } as const

export const portSchema = {
  type: 'object',
  description: 'A port of the host, on its loopback address, that leads to one of the guest.',
  required: ['host', 'guest'],
  properties: {
    host: port,
    guest: port,
    protocol: { type: 'string', enum: ['tcp', 'udp'], description: '`tcp` where nothing is said.' },
  },
  additionalProperties: false,
} as const

export const overridesSchema = {
  type: 'object',
  description: 'What shall be otherwise than the manifest has it. A key that is not known is refused.',
  properties: {
    name: { type: 'string', description: 'Name of the instance; made up where nothing is said.' },
    cpus: { type: 'integer', minimum: 1, maximum: 1024 },
    memory: {
      type: ['integer', 'string'],
      description: 'Bytes, or text such as `512M` or `2G` in binary units; at least 16 MiB.',
    },
    kernel_args: { type: 'string', maxLength: 65_536, description: 'Instead of those of the manifest.' },
    ports: { type: 'array', items: portSchema, maxItems: 1000 },
    acceleration: { type: 'string', enum: ['auto', 'kvm', 'hvf', 'tcg'] },
    hypervisor: { type: 'string', description: 'Such as `qemu`.' },
    pull: {
      type: 'string',
      enum: ['always', 'missing', 'never'],
      description: '`missing` where nothing is said.',
    },
    offline: { type: 'boolean', description: 'Nothing is fetched.' },
    architecture: {
      type: 'string',
      description: 'Chooses from an artifact for several: `x86_64`, `aarch64`.',
    },
  },
  additionalProperties: false,
} as const

export const startRequestSchema = {
  title: 'StartRequest',
  type: 'object',
  required: ['manifest'],
  properties: {
    manifest: {
      type: 'string',
      minLength: 1,
      description: 'A reference, a digest, or the absolute path of an unpacked artifact or OCI layout.',
    },
    overrides: overridesSchema,
  },
} as const

export type StartRequest = Shape<typeof startRequestSchema>
export type StartOverrides = Shape<typeof overridesSchema>

/** Less does not hold a kernel. */
const SMALLEST_MEMORY_BYTES = 16 * 2 ** 20

/** More than any host has; keeps arithmetic exact. */
const LARGEST_MEMORY_BYTES = 2 ** 50

const validate = validator(startRequestSchema, 'request-invalid', 'The request to start')

/** @throws {OvmsError} `request-invalid` */
export function parseStartRequest(body: unknown): StartRequest {
  if (isObject(body) && isObject(body['overrides'])) refuseUnknown(body['overrides'])
  const request = validate(body)
  if (request.overrides?.memory !== undefined) memoryMib(request.overrides.memory)
  return request
}

/**
 * Memory as it is written in a request, in MiB, rounded up.
 *
 * @throws {OvmsError} `request-invalid`
 */
export function memoryMib(memory: number | string): number {
  const bytes = typeof memory === 'number' ? memory : parseBytes(memory)
  if (bytes !== undefined && bytes >= SMALLEST_MEMORY_BYTES && bytes <= LARGEST_MEMORY_BYTES)
    return Math.ceil(bytes / 2 ** 20)
  throw new OvmsError('request-invalid', `Memory of ${JSON.stringify(memory)} is not possible`, {
    actual: memory,
    hint: 'Give bytes, or text such as 512M or 2G; at least 16M',
  })
}

function refuseUnknown(overrides: object): void {
  const known = Object.keys(overridesSchema.properties)
  const unknown = Object.keys(overrides).find((key) => !known.includes(key))
  if (unknown === undefined) return
  const near = nearest(unknown, known)
  throw new OvmsError('request-invalid', `The override ${JSON.stringify(unknown)} is not known`, {
    actual: unknown,
    hint: near === undefined ? `Known are ${known.join(', ')}` : `Did you mean ${near}?`,
  })
}
