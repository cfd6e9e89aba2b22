import assert from 'node:assert/strict'
import { isOvmsError, type OvmsError } from '../../src/base/error.ts'
import type { ErrorCode } from '../../src/base/error-codes.ts'

export interface ExpectedRefusal {
  readonly actual?: unknown
  readonly message?: RegExp
  /** `false` where no next step can be named. */
  readonly hint?: RegExp | false
}

/** Proves that `work` ends with one of our errors, complete: code, actual value, a hint. @returns it */
export async function refused(
  work: Promise<unknown> | (() => unknown),
  code: ErrorCode | readonly ErrorCode[],
  expected: ExpectedRefusal = {},
): Promise<OvmsError> {
  const codes = [code].flat()
  const error = await failureOf(work)
  assert.ok(isOvmsError(error), `not an OvmsError but ${String(error)}`)
  assert.ok(codes.includes(error.code), `${error.code} instead of ${codes.join(' or ')}: ${error.message}`)
  if ('actual' in expected) assert.deepEqual(error.actual, expected.actual)
  if (expected.message) assert.match(error.message, expected.message)
  if (expected.hint) assert.match(error.hint ?? '', expected.hint)
  return error
}

/** What `work` throws. */
export async function failureOf(work: Promise<unknown> | (() => unknown)): Promise<unknown> {
  try {
    await (typeof work === 'function' ? work() : work)
  } catch (error) {
    return error
  }
  assert.fail('It was accepted')
}

/** Runs `work` on hostile input: it may succeed or refuse, but only with one of our errors. */
export function onlyRefuses(work: () => unknown): boolean {
  try {
    work()
    return true
  } catch (error) {
    if (isOvmsError(error)) return true
    throw error
  }
}
