import type { Shape } from '../model/validator.ts'

export const logRecordSchema = {
  title: 'LogRecord',
  description: 'One line of the log of an instance; a line of NDJSON.',
  type: 'object',
  required: ['time', 'stream', 'line'],
  properties: {
    time: { type: 'string', format: 'date-time', description: 'When the daemon saw it.' },
    stream: { type: 'string', enum: ['console', 'hypervisor', 'lifecycle'] },
    line: { type: 'string', description: 'Without its line end; U+FFFD stands for what is not UTF-8.' },
    partial: {
      type: 'boolean',
      const: true,
      description: 'The line goes on in the next record of its stream.',
    },
    base64: { type: 'string', description: 'The bytes of the line where they are not UTF-8.' },
    offset: { type: 'integer', description: 'Bytes of the stream up to the end of this record.' },
  },
} as const

export type LogRecord = Shape<typeof logRecordSchema>
