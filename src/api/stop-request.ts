import { type Shape, validator } from '../model/validator.ts'

export const stopRequestSchema = {
  title: 'StopRequest',
  type: 'object',
  required: ['instance_id'],
  properties: {
    instance_id: { type: 'string', minLength: 1, description: 'An id, the beginning of one, or a name.' },
    timeout_ms: {
      type: 'integer',
      minimum: 0,
      maximum: 86_400_000,
      description: 'How long the guest has to switch itself off; 10000 where nothing is said.',
    },
    force: { type: 'boolean', description: 'The guest is not asked.' },
    wait: { type: 'boolean', description: 'The answer comes when the instance has ended.' },
  },
} as const

export type StopRequest = Shape<typeof stopRequestSchema>

/** @throws {OvmsError} `request-invalid` */
export const parseStopRequest = validator(stopRequestSchema, 'request-invalid', 'The request to stop')

export const operationResultSchema = {
  title: 'OperationResult',
  type: 'object',
  required: ['status'],
  properties: {
    status: { type: 'string', enum: ['ok', 'starting', 'stopping'] },
    message: { type: 'string' },
  },
} as const

export type OperationResult = Shape<typeof operationResultSchema>
