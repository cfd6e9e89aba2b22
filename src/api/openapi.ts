import { healthSchema } from './health.ts'
import { instanceListSchema, instanceStatusSchema } from './instance-status.ts'
import { logRecordSchema } from './log-record.ts'
import { PROBLEM_TYPE, problemSchema } from './problem.ts'
import { startRequestSchema } from './start-request.ts'
import { operationResultSchema, stopRequestSchema } from './stop-request.ts'

const SCHEMAS = {
  StartRequest: startRequestSchema,
  StopRequest: stopRequestSchema,
  OperationResult: operationResultSchema,
  InstanceStatus: instanceStatusSchema,
  InstanceList: instanceListSchema,
  LogRecord: logRecordSchema,
  Health: healthSchema,
  Problem: problemSchema,
} as const

type SchemaName = keyof typeof SCHEMAS

const id = {
  name: 'instance_id',
  in: 'path',
  required: true,
  description: 'An id, the beginning of one that fits no other, or a name.',
  schema: { type: 'string' },
}

/** The runtime API as an OpenAPI 3.1 document: what `spec/openapi/runtime.v1.openapi.yaml` holds. */
export function openApiDocument(): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'OVMS runtime API',
      version: '1.0.0',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description:
        'Controls the virtual machines of one user on one host. HTTP over a Unix socket that only this user can open.',
    },
    servers: [
      { url: 'http://localhost', description: 'Over the Unix socket; the host name is not looked at.' },
    ],
    paths,
    components: { schemas: SCHEMAS },
  }
}

const paths = {
  '/start': {
    post: {
      operationId: 'start',
      summary: 'Start an instance of an artifact',
      description:
        'Answers when the machine runs. When it fails, or the client goes away before, nothing is left.',
      requestBody: body('StartRequest'),
      responses: answers('The machine runs.', 'InstanceStatus'),
    },
  },
  '/stop': {
    post: {
      operationId: 'stop',
      summary: 'End an instance',
      description: 'The guest is asked to switch itself off, then the hypervisor to end, then it is killed.',
      requestBody: body('StopRequest'),
      responses: answers('`stopping` while it ends, `ok` when it has ended.', 'OperationResult'),
    },
  },
  '/snapshot': notSupported('snapshot', 'Save the memory of an instance as an artifact'),
  '/inject': notSupported('inject', 'Hand content to the guest of an instance'),
  '/status/{instance_id}': {
    get: {
      operationId: 'status',
      summary: 'Tell all that is known of an instance',
      parameters: [id],
      responses: answers('The instance.', 'InstanceStatus'),
    },
  },
  '/logs/{instance_id}': {
    get: {
      operationId: 'logs',
      summary: 'Read the log of an instance',
      parameters: [
        id,
        query('follow', 'Go on until the instance has ended.', { type: 'boolean', default: false }),
        query('tail', 'Only so many records of what is there already.', { type: 'integer', minimum: 0 }),
        query('since', 'Only records from then on.', { type: 'string', format: 'date-time' }),
      ],
      responses: {
        200: {
          description: 'One record a line, oldest first.',
          content: { 'application/x-ndjson': { schema: reference('LogRecord') } },
        },
        default: problemAnswer(),
      },
    },
  },
  '/instances': {
    get: {
      operationId: 'list',
      summary: 'Tell of all instances',
      responses: answers('All instances, oldest first.', 'InstanceList'),
    },
  },
  '/instances/{instance_id}': {
    delete: {
      operationId: 'remove',
      summary: 'Remove an instance and all it wrote',
      parameters: [id, query('force', 'End it first when it runs.', { type: 'boolean', default: false })],
      responses: answers('It is gone.', 'OperationResult'),
    },
  },
  '/healthz': {
    get: {
      operationId: 'health',
      summary: 'Tell that the daemon lives',
      responses: answers('It does.', 'Health'),
    },
  },
}

function reference(name: SchemaName) {
  return { $ref: `#/components/schemas/${name}` }
}

function body(name: SchemaName) {
  return { required: true, content: { 'application/json': { schema: reference(name) } } }
}

function answers(description: string, name: SchemaName) {
  return {
    200: { description, content: { 'application/json': { schema: reference(name) } } },
    default: problemAnswer(),
  }
}

function problemAnswer() {
  return { description: 'It failed.', content: { [PROBLEM_TYPE]: { schema: reference('Problem') } } }
}

function query(name: string, description: string, schema: object) {
  return { name, in: 'query', required: false, description, schema }
}

function notSupported(operationId: string, summary: string) {
  return {
    post: {
      operationId,
      summary,
      description: 'Not there yet.',
      responses: { 501: problemAnswer(), default: problemAnswer() },
    },
  }
}
