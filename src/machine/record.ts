import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readTextOrNothing, replaceFile } from '../base/files.ts'
import { jsonBytes } from '../model/json-document.ts'
import { type Shape, validator } from '../model/validator.ts'
import { InstancePaths } from './instance-paths.ts'
import { ACCELERATORS } from './plan.ts'
import { MACHINE_STATES } from './state.ts'

const time = { type: 'string', description: 'RFC 3339 in UTC.' } as const
const milliseconds = { type: 'number', minimum: 0 } as const

/** What is known of an instance, as it stands in its folder. */
export const instanceRecordSchema = {
  $id: 'https://ovms.dev/schemas/instance.v1.schema.json',
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Instance record',
  description: 'Private to the daemon: read it through the runtime API.',
  type: 'object',
  required: [
    'version',
    'id',
    'name',
    'hypervisor',
    'reference',
    'digest',
    'createdAt',
    'state',
    'machine',
    'timings',
  ],
  properties: {
    version: { type: 'integer', const: 1 },
    id: { type: 'string', format: 'uuid' },
    name: { type: 'string' },
    hypervisor: { type: 'string' },
    reference: { type: 'string', description: 'What was asked for.' },
    digest: { type: 'string', description: 'Of the artifact.' },
    createdAt: time,
    startedAt: time,
    finishedAt: time,
    state: { type: 'string', enum: MACHINE_STATES },
    reason: { type: 'string', description: 'How it ended, in words.' },
    notice: { type: 'string', description: 'What the user should know though nothing failed.' },
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: {
        code: { type: 'string' },
        message: { type: 'string' },
        hint: { type: 'string' },
      },
    },
    process: {
      type: 'object',
      required: ['pid', 'startTime'],
      properties: { pid: { type: 'integer' }, startTime: { type: 'string' } },
    },
    machine: {
      type: 'object',
      description: 'What it was given.',
      required: ['architecture', 'acceleration', 'cpus', 'memoryMib', 'ports'],
      properties: {
        architecture: { type: 'string' },
        acceleration: { type: 'string', enum: ACCELERATORS },
        cpus: { type: 'integer' },
        memoryMib: { type: 'integer' },
        ports: {
          type: 'array',
          items: {
            type: 'object',
            required: ['host', 'guest', 'protocol'],
            properties: {
              host: { type: 'integer' },
              guest: { type: 'integer' },
              protocol: { type: 'string', enum: ['tcp', 'udp'] },
            },
          },
        },
      },
    },
    timings: {
      type: 'object',
      description: 'Milliseconds each phase took; the first output counts from the request.',
      properties: {
        resolveMs: milliseconds,
        fetchMs: milliseconds,
        prepareMs: milliseconds,
        spawnMs: milliseconds,
        firstOutputMs: milliseconds,
      },
    },
  },
} as const

export type InstanceRecord = Shape<typeof instanceRecordSchema>

const validate = validator(instanceRecordSchema, 'store-failed', 'An instance record')

/** Replaces the record of an instance as a whole. */
export async function writeRecord(paths: InstancePaths, record: InstanceRecord): Promise<void> {
  await replaceFile(paths.record, jsonBytes(record), 0o600)
}

/** @throws {OvmsError} `store-failed` when it is not one; undefined where there is none */
export async function readRecord(paths: InstancePaths): Promise<InstanceRecord | undefined> {
  const text = await readTextOrNothing(paths.record)
  return text === undefined ? undefined : validate(parseJson(text))
}

/** The folder of every instance there is. */
export async function instanceFolders(root: string): Promise<InstancePaths[]> {
  const entries = await readdir(root, { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => new InstancePaths(join(root, name)))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
