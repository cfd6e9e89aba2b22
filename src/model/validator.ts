import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import type { XSchema, XStatic } from 'typebox/schema'
import { OvmsError } from '../base/error.ts'
import type { ErrorCode } from '../base/error-codes.ts'

/** What a JSON Schema written `as const` describes, as a type. */
export type Shape<Schema> = Schema extends XSchema ? XStatic<Schema> : never

const OPTIONS = { strict: false, validateFormats: false, verbose: true }

/** Stops at the first violation: a hostile document of 4 MiB can hold two million of them. */
const refusing = new Ajv2020(OPTIONS)

/** Finds every violation, in documents of the user's own. */
const reporting = new Ajv2020({ ...OPTIONS, allErrors: true })

/**
 * A function that proves a JSON value has the schema's shape. The schema is compiled at the first call.
 *
 * @throws {OvmsError} `code`, naming place, rule and actual value of the first violation
 */
export function validator<const Schema extends XSchema & object>(
  schema: Schema,
  code: ErrorCode,
  what: string,
) {
  let compiled: ValidateFunction | undefined
  return (value: unknown): Shape<Schema> => {
    compiled ??= refusing.compile(schema)
    if (compiled(value)) return value as Shape<Schema>
    const violation = compiled.errors?.[0]
    throw new OvmsError(code, `${what}: ${describe(violation)}`, {
      actual: violation?.data,
      hint: `See the JSON Schema ${'$id' in schema ? String(schema.$id) : what}`,
    })
  }
}

/** Every violation as a sentence with its place, for reports that list them all. */
export function violations(
  schema: object,
  value: unknown,
): { readonly path: string; readonly text: string; readonly error: ErrorObject }[] {
  const compiled = reporting.compile(schema)
  if (compiled(value)) return []
  return (compiled.errors ?? []).map((error) => ({ path: error.instancePath, text: describe(error), error }))
}

function describe(error: ErrorObject | undefined): string {
  if (!error) return 'invalid'
  const place = error.instancePath === '' ? 'the document' : error.instancePath.slice(1).replaceAll('/', '.')
  const detail = error.keyword === 'additionalProperties' ? ` (${error.params['additionalProperty']})` : ''
  const expected = error.keyword === 'const' ? ` ${JSON.stringify(error.params['allowedValue'])}` : ''
  const actual = error.keyword === 'required' ? '' : `, it is ${shortJson(error.data)}`
  return `${place} ${error.message ?? error.keyword}${detail}${expected}${actual}`
}

function shortJson(value: unknown): string {
  try {
    const text = JSON.stringify(value) ?? String(value)
    return text.length > 80 ? `${text.slice(0, 80)}…` : text
  } catch {
    return 'nested too deeply to be shown'
  }
}
