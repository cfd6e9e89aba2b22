import { messageOf, OvmsError } from '../base/error.ts'
import { ERROR_CODES, type ErrorCode } from '../base/error-codes.ts'
import { isObject } from '../base/json.ts'
import type { Shape } from '../model/validator.ts'

export const PROBLEM_TYPE = 'application/problem+json'

/** RFC 9457, with our closed code. */
export const problemSchema = {
  title: 'Problem',
  description:
    'Why a request failed: RFC 9457 with a closed code. Programs match on `code`, people read `detail`.',
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string', description: 'Names the kind of problem.' },
    title: { type: 'string', description: 'What the code means in general.' },
    status: { type: 'integer', description: 'The HTTP status of the answer.' },
    detail: { type: 'string', description: 'What failed this time, with the actual values.' },
    code: { type: 'string', description: 'One of the codes of OVMS.' },
    hint: { type: 'string', description: 'What to do next.' },
  },
} as const

export type Problem = Shape<typeof problemSchema>

/** An error as a problem document. What is not one of ours is a defect of OVMS. */
export function toProblem(error: unknown, statusOf: (code: ErrorCode) => number): Problem {
  const ours = error instanceof OvmsError ? error : new OvmsError('internal', messageOf(error))
  return {
    type: `https://ovms.dev/errors#${ours.code}`,
    title: ERROR_CODES[ours.code],
    status: statusOf(ours.code),
    detail: ours.message,
    code: ours.code,
    ...(ours.hint !== undefined && { hint: ours.hint }),
  }
}

/** A problem document as the error it was made of. */
export function fromProblem(value: unknown, status: number): OvmsError {
  if (!isObject(value) || typeof value['detail'] !== 'string')
    return new OvmsError('internal', `The daemon answered with status ${status} and no reason`)
  const { code, detail, hint } = value
  const known =
    typeof code === 'string' && Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : 'internal'
  return new OvmsError(known, detail, typeof hint === 'string' ? { hint } : {})
}
