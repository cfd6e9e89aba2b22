import type { Shape } from '../model/validator.ts'
import { portSchema } from './start-request.ts'

const state = { type: 'string', enum: ['starting', 'running', 'stopping', 'stopped', 'error'] } as const
const milliseconds = { type: 'number', minimum: 0, description: 'Milliseconds.' } as const
const time = { type: 'string', format: 'date-time' } as const

export const instanceStatusSchema = {
  title: 'InstanceStatus',
  type: 'object',
  required: ['instance_id', 'state'],
  properties: {
    instance_id: { type: 'string', format: 'uuid' },
    state,
    status: { ...state, description: 'The same word as `state`, for clients of older drafts.' },
    pid: { type: 'integer', description: 'Of the hypervisor, while it runs.' },
    uptime_ms: {
      type: 'integer',
      description: 'Milliseconds since it ran; of one that ended, how long it did.',
    },
    metrics: {
      type: 'object',
      description: 'What its hypervisor uses, while it runs and where the host tells.',
      properties: {
        cpu_ms: { type: 'integer', description: 'Time on processors, milliseconds.' },
        resident_bytes: { type: 'integer', description: 'Memory in RAM.' },
      },
    },
    name: { type: 'string' },
    manifest: { type: 'string', description: 'What was asked for.' },
    digest: { type: 'string', description: 'Of the artifact.' },
    created_at: time,
    started_at: time,
    finished_at: time,
    hypervisor: { type: 'string' },
    architecture: { type: 'string' },
    acceleration: { type: 'string', enum: ['kvm', 'hvf', 'tcg'] },
    cpus: { type: 'integer' },
    memory_mib: { type: 'integer' },
    ports: { type: 'array', items: portSchema },
    timings: {
      type: 'object',
      description: 'Milliseconds each phase took; the first output counts from the request.',
      properties: {
        resolve_ms: milliseconds,
        fetch_ms: milliseconds,
        prepare_ms: milliseconds,
        spawn_ms: milliseconds,
        first_output_ms: milliseconds,
      },
    },
    notice: { type: 'string', description: 'What the user should know though nothing failed.' },
    reason: { type: 'string', description: 'How it ended, in words.' },
    error: {
      type: 'object',
      description: 'Why its state is `error`.',
      required: ['code', 'detail'],
      properties: { code: { type: 'string' }, detail: { type: 'string' }, hint: { type: 'string' } },
    },
  },
} as const

/** An instance as the runtime API shows it. spec/runtime.md */
export type InstanceStatus = Shape<typeof instanceStatusSchema>

export const instanceListSchema = {
  title: 'InstanceList',
  type: 'object',
  required: ['instances'],
  properties: {
    instances: { type: 'array', description: 'Oldest first.', items: instanceStatusSchema },
  },
} as const

export type InstanceList = Shape<typeof instanceListSchema>
