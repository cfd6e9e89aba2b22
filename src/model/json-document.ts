import { OvmsError } from '../base/error.ts'
import { isObject, type JsonObject } from '../base/json.ts'

/** Largest manifest we accept, in bytes: what every registry must take at least (distribution-spec, "Pushing Manifests"). */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024

const HINT = 'Whoever published it must do so again, or the registry answers with something else'

/** A parsed document beside the bytes it came from: unknown fields live on in the bytes, which alone are stored. */
export interface Document<T> {
  readonly value: T
  readonly bytes: Uint8Array
}

/**
 * Reads bytes as one JSON object.
 *
 * @throws {OvmsError} `manifest-too-large`, `manifest-invalid`
 */
export function parseJsonObject(bytes: Uint8Array, what: string): JsonObject {
  if (bytes.length > MAX_MANIFEST_BYTES) {
    throw new OvmsError(
      'manifest-too-large',
      `${what} has ${bytes.length} bytes, the limit is ${MAX_MANIFEST_BYTES}`,
      {
        actual: bytes.length,
        hint: 'A manifest names blobs; what is large belongs into a blob',
      },
    )
  }
  const value = parseJson(bytes, what)
  if (!isObject(value))
    throw new OvmsError('manifest-invalid', `${what} is not a JSON object`, { actual: value, hint: HINT })
  return value
}

/**
 * A document that is both a manifest and an index would be two artifacts to two readers (CVE-2021-41190).
 *
 * @throws {OvmsError} `manifest-invalid`
 */
export function refuseKey(object: JsonObject, key: string, what: string): void {
  if (!(key in object)) return
  throw new OvmsError('manifest-invalid', `${what} must not have the property ${JSON.stringify(key)}`, {
    actual: key,
  })
}

function parseJson(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    const start = Buffer.from(bytes.subarray(0, 40)).toString('latin1')
    throw new OvmsError('manifest-invalid', `${what} is not JSON: it starts with ${JSON.stringify(start)}`, {
      cause,
      actual: start,
      hint: HINT,
    })
  }
}

/** JSON bytes as OVMS writes them: two spaces, keys in the order given, a newline at the end. */
export function jsonBytes(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`)
}
