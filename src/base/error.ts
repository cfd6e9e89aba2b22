import type { ErrorCode } from './error-codes.ts'

export interface ErrorDetails {
  /** The next step for the person who reads it: a sentence, naming a command where one helps. */
  readonly hint?: string
  readonly cause?: unknown
  /** The value that was refused, for programs; the message holds it for people. */
  readonly actual?: unknown
}

/**
 * The one error of OVMS. Match on `code`, not on the class: two copies of the library may be loaded.
 * See spec/errors.md.
 */
export class OvmsError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly actual: unknown

  static {
    OvmsError.prototype.name = 'OvmsError'
  }

  constructor(code: ErrorCode, message: string, { hint, cause, actual }: ErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.hint = hint
    this.actual = actual
  }
}

/** Whether `error` is ours, optionally with one of `codes`. */
export function isOvmsError(error: unknown, ...codes: readonly ErrorCode[]): error is OvmsError {
  if (!(error instanceof Error) || error.name !== 'OvmsError' || !('code' in error)) return false
  return codes.length === 0 || codes.includes(error.code as ErrorCode)
}

/** The system's code (`ENOENT`, `ECONNREFUSED` …) of an error or of what caused it. */
export function systemCode(error: unknown): string | undefined {
  for (let each = error; each instanceof Error; each = each.cause) {
    const code = 'code' in each ? each.code : undefined
    if (typeof code === 'string' && /^E[A-Z0-9]+$/.test(code)) return code
    if (each instanceof AggregateError && each.errors.length > 0) return systemCode(each.errors[0])
  }
  return undefined
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
