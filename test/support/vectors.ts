import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { isOvmsError } from '../../src/base/error.ts'

const ROOT = `${import.meta.dirname}/../../conformance/vectors`

export interface Vector {
  readonly id: string
  readonly comment: string
  readonly input?: unknown
  readonly input_base64?: string
  readonly verdict: 'valid' | 'malformed' | 'invalid'
  readonly result?: unknown
  readonly code?: string
}

export function readVectors(file: string): readonly Vector[] {
  return (JSON.parse(readFileSync(`${ROOT}/${file}.json`, 'utf8')) as { tests: Vector[] }).tests
}

/** The input as a text; for those that are texts. */
export function textOf({ input }: Vector): string {
  assert.equal(typeof input, 'string')
  return input as string
}

/** The input as bytes: base64, a text, or a JSON value. */
export function bytesOf({ input, input_base64: encoded }: Vector): Buffer {
  if (encoded !== undefined) return Buffer.from(encoded, 'base64')
  return Buffer.from(typeof input === 'string' ? input : JSON.stringify(input))
}

/**
 * Tests an implementation with every vector of a file: it takes what is valid, with the result that is named, and
 * refuses the rest with the code that is named.
 */
export function runVectors(
  file: string,
  parse: (vector: Vector) => unknown,
  checkRefusal: (error: Error, vector: Vector) => void = () => {},
): void {
  for (const vector of readVectors(file)) {
    test(`vector ${file} ${vector.id}: ${vector.comment}`, () => {
      if (vector.verdict === 'valid') {
        const result = parse(vector)
        if (vector.result !== undefined) assert.deepEqual(result, vector.result)
        return
      }
      assert.throws(
        () => parse(vector),
        (error) => {
          assert.ok(isOvmsError(error), `not an OvmsError but ${String(error)}`)
          assert.equal(error.code, vector.code, error.message)
          checkRefusal(error, vector)
          return true
        },
      )
    })
  }
}
