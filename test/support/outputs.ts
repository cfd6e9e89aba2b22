import assert from 'node:assert/strict'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { cliOutputSchema } from '../../src/cli/output-schemas.ts'

export type OutputName = keyof (typeof cliOutputSchema)['$defs']

const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
ajv.addSchema(closed(cliOutputSchema) as object, 'outputs')
const validators = new Map<OutputName, ValidateFunction>()

/** What a command printed with `--json`, proved to be one document of the published schema. */
// biome-ignore lint/suspicious/noExplicitAny: each test knows which schema it was
export function validOutput(name: OutputName, printed: string): any {
  const validate = validators.get(name) ?? ajv.compile({ $ref: `outputs#/$defs/${name}` })
  validators.set(name, validate)
  const document: unknown = JSON.parse(printed)
  assert.ok(validate(document), `${name}: ${ajv.errorsText(validate.errors)} in ${printed}`)
  return document
}

/** Readers ignore what they do not know, but a test must see what nobody wrote down. Free-form parts stay free. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const parts = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]))
  return 'properties' in schema && !('additionalProperties' in schema)
    ? { ...parts, additionalProperties: false }
    : parts
}
