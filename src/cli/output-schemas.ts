import { instanceStatusSchema } from '../api/instance-status.ts'
import { logRecordSchema } from '../api/log-record.ts'
import { ERROR_CODES } from '../base/error-codes.ts'
import { annotationsSchema, descriptorSchema } from '../model/descriptor.ts'
import { ovmsManifestSchema } from '../model/ovms-manifest.ts'
import { RULES } from '../model/rules.ts'

const text = { type: 'string' } as const
const name = { type: 'string', description: 'A full name, with its tag; or a digest.' } as const
const digest = { type: 'string', description: 'Of the artifact: `algorithm:hex`.' } as const
const bytes = { type: 'integer', minimum: 0, description: 'Bytes.' } as const
const milliseconds = { type: 'integer', minimum: 0, description: 'Milliseconds.' } as const
const maybe = { type: ['string', 'null'] } as const

/** An object of which every property is there, but for those named as optional. */
function object<const Properties extends object>(
  properties: Properties,
  { optional = [], description }: { optional?: readonly (keyof Properties)[]; description?: string } = {},
) {
  const required = Object.keys(properties).filter((key) => !optional.includes(key as keyof Properties))
  return { type: 'object', ...(description !== undefined && { description }), required, properties } as const
}

function listOf<const Items extends object>(items: Items, description?: string) {
  return { type: 'array', ...(description !== undefined && { description }), items } as const
}

/** A published schema as a part of another: it has no name of its own there. */
function part({ $id: _id, $schema: _dialect, ...schema }: { $id?: string; $schema?: string }) {
  return schema
}

const descriptor = { $ref: '#/$defs/descriptor' } as const
const instance = { $ref: '#/$defs/instance' } as const

const reclaimed = {
  blobs: listOf(object({ digest: text, size: bytes }), 'What went out of the store, or would.'),
  bytes: { ...bytes, description: 'Bytes that this frees.' },
} as const

const transfer = { present: { ...bytes, description: 'Bytes that were there already.' } } as const

const finding = object(
  {
    rule: { enum: Object.keys(RULES), description: 'Absent where the schema itself is broken.' },
    severity: { enum: ['error', 'warning'] },
    path: { type: 'string', description: 'Place in the OVMS manifest or artifact.' },
    message: text,
  },
  { optional: ['rule'] },
)

const hostCheck = object(
  {
    name: text,
    status: { enum: ['ok', 'warning', 'failed'] },
    found: text,
    hint: text,
    pid: { type: 'integer', description: 'Of the daemon, while it runs.' },
  },
  { optional: ['hint', 'pid'] },
)

/** What each command prints with `--json`; `logs` a line for each record, all others one document. */
export const COMMAND_OUTPUTS = {
  build: object({ name, digest, size: bytes, duration_ms: milliseconds }),
  push: object({
    name,
    digest,
    sent: { ...bytes, description: 'Bytes that went to the registry.' },
    ...transfer,
    duration_ms: milliseconds,
  }),
  pull: object({
    name,
    digest,
    fetched: { ...bytes, description: 'Bytes that came from the registry.' },
    ...transfer,
    duration_ms: milliseconds,
  }),
  inspect: object(
    {
      name: text,
      where: { enum: ['store', 'registry', 'path'] },
      digest,
      mediaType: text,
      index: object({ digest: text, manifests: listOf(descriptor) }, { description: 'It was chosen from.' }),
      manifest: { $ref: '#/$defs/manifest' },
      manifest_blob: descriptor,
      blobs: listOf(descriptor, 'All blobs but the OVMS manifest.'),
      annotations: annotationsSchema,
    },
    { optional: ['index', 'annotations'] },
  ),
  validate: object(
    { name: text, digest, valid: { type: 'boolean' }, findings: listOf(finding) },
    { optional: ['digest'] },
  ),
  save: object({ file: text, names: listOf(name), size: bytes }),
  load: listOf(object({ name: maybe, digest })),
  run: instance,
  ps: listOf(instance),
  logs: logRecordSchema,
  stop: listOf(instance),
  rm: object({ removed: listOf(text, 'As they were named on the command line.') }),
  ls: listOf(
    object(
      {
        name: { ...maybe, description: 'null: only reachable by digest.' },
        digest,
        size: { type: ['integer', 'null'], description: 'Bytes of its blobs; null where it cannot be read.' },
        machine: { ...maybe, description: 'Name and version in the OVMS manifest.' },
        architecture: maybe,
        problem: { type: 'string', description: 'Why it cannot be read.' },
      },
      { optional: ['problem'] },
    ),
  ),
  tag: object({ name, digest }),
  untag: object({ untagged: listOf(name) }),
  rmi: object({ removed: listOf(name), ...reclaimed }),
  prune: object({ dry_run: { type: 'boolean' }, ...reclaimed }),
  registry: object({ address: { type: 'string', description: 'Host and port.' }, root: text }),
  daemon: object({ socket: text, pid: { type: 'integer' } }),
  doctor: listOf(hostCheck),
  version: object({
    version: { type: 'string', description: 'Of the program.' },
    spec: { type: 'string', description: 'Of the spec it implements.' },
    node: text,
  }),
} as const

/** What any command says on stderr when it fails. */
const failure = object({
  error: object(
    { code: { enum: Object.keys(ERROR_CODES) }, message: text, hint: text },
    { optional: ['hint'] },
  ),
})

/** Definitions that are no command's. */
export const SHARED_OUTPUTS = {
  error: failure,
  descriptor: part(descriptorSchema),
  manifest: part(ovmsManifestSchema),
  instance: instanceStatusSchema,
} as const

/** Published as one document; what a command prints is `#/$defs/<command>`. docs/reference/json-output.md */
export const cliOutputSchema = {
  $id: 'https://ovms.dev/schemas/cli-output.v1.schema.json',
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Output of ovm --json',
  description: 'One definition for each command. New properties may come: ignore those you do not know.',
  $defs: { ...COMMAND_OUTPUTS, ...SHARED_OUTPUTS },
} as const
