import { healthSchema } from '../../src/api/health.ts'
import { instanceStatusSchema } from '../../src/api/instance-status.ts'
import { logRecordSchema } from '../../src/api/log-record.ts'
import { problemSchema } from '../../src/api/problem.ts'
import { parseStartRequest } from '../../src/api/start-request.ts'
import { operationResultSchema, parseStopRequest } from '../../src/api/stop-request.ts'
import { descriptorSchema, toDescriptor } from '../../src/model/descriptor.ts'
import { parseOciIndex } from '../../src/model/oci-index.ts'
import { parseOciManifest } from '../../src/model/oci-manifest.ts'
import { parseOvmsManifest } from '../../src/model/ovms-manifest.ts'
import { validator } from '../../src/model/validator.ts'
import { parseBuildFile } from '../../src/packaging/build-file.ts'
import { type Block, Markdown } from './markdown.ts'
import { read } from './project.ts'

/** What the word after the language of a block says it is: each is run through the parser that programs use. */
export const EXAMPLE_KINDS: Readonly<Record<string, (text: string) => unknown>> = {
  'build-file': (text) => parseBuildFile(text, 'ovm.yaml'),
  descriptor: (text) => toDescriptor(parseDescriptor(JSON.parse(text))),
  health: (text) => matching(healthSchema, text),
  'instance-status': (text) => matching(instanceStatusSchema, text),
  'log-record': (text) => matching(logRecordSchema, text),
  'oci-index': (text) => parseOciIndex(Buffer.from(text)),
  'oci-manifest': (text) => parseOciManifest(Buffer.from(text)),
  'operation-result': (text) => matching(operationResultSchema, text),
  'ovms-manifest': (text) => parseOvmsManifest(Buffer.from(text)),
  problem: (text) => matching(problemSchema, text),
  'start-request': (text) => parseStartRequest(JSON.parse(text)),
  'stop-request': (text) => parseStopRequest(JSON.parse(text)),
}

const parseDescriptor = validator(descriptorSchema, 'manifest-invalid', 'The descriptor')

export interface Example {
  /** `spec/manifest.md:12`. */
  readonly place: string
  readonly kind: string | undefined
  readonly text: string
  /** The code it must be refused with. */
  readonly invalid: string | undefined
}

/** Every JSON and YAML block of a document. */
export function examplesIn(path: string): readonly Example[] {
  return new Markdown(read(path)).blocks.filter(isData).map((block) => toExample(path, block))
}

function isData({ language }: Block): boolean {
  return ['json', 'jsonc', 'yaml', 'yml'].includes(language)
}

function toExample(path: string, { words, text, line }: Block): Example {
  const [kind, marker, code] = words
  return { place: `${path}:${line}`, kind, text, invalid: marker === 'invalid' ? (code ?? '') : undefined }
}

/** An answer as its schema has it; no schema forbids more properties, but an example has none that nobody knows. */
function matching(schema: { readonly title: string; readonly properties: object }, text: string): void {
  const value: unknown = JSON.parse(text)
  validator(schema as never, 'internal', schema.title)(value)
  const unknown = Object.keys(value as object).filter((key) => !(key in schema.properties))
  if (unknown.length > 0) throw new Error(`${schema.title} has no ${unknown.join(', ')}`)
}
