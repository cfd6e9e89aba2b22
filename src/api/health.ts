import type { Shape } from '../model/validator.ts'

export const healthSchema = {
  title: 'Health',
  type: 'object',
  required: ['status', 'version', 'pid', 'home', 'instances'],
  properties: {
    status: { type: 'string', const: 'ok' },
    version: { type: 'string', description: 'Of the daemon.' },
    pid: { type: 'integer' },
    home: { type: 'string', description: 'The folder it looks after.' },
    instances: {
      type: 'object',
      required: ['running', 'total'],
      properties: { running: { type: 'integer' }, total: { type: 'integer' } },
    },
  },
} as const

export type Health = Shape<typeof healthSchema>
