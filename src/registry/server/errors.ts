import type { ServerResponse } from 'node:http'
import { isOvmsError, messageOf } from '../../base/error.ts'
import type { ErrorCode } from '../../base/error-codes.ts'

/** distribution-spec v1.1, "Error Codes", with the status each goes with. */
const STATUS = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 404,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 413,
  RANGE_INVALID: 416,
  UNSUPPORTED: 405,
  QUERY_INVALID: 400,
  NOT_FOUND: 404,
  TOOMANYREQUESTS: 429,
  INTERNAL: 500,
  FULL: 507,
} as const

export type RegistryCode = keyof typeof STATUS

/** A refusal in the words of the distribution spec. */
export class RegistryRefusal extends Error {
  readonly code: RegistryCode

  constructor(code: RegistryCode, message: string) {
    super(message)
    this.code = code
  }
}

const FROM_OVMS: Partial<Record<ErrorCode, RegistryCode>> = {
  'digest-invalid': 'DIGEST_INVALID',
  'digest-unsupported': 'DIGEST_INVALID',
  'digest-mismatch': 'DIGEST_INVALID',
  'size-mismatch': 'SIZE_INVALID',
  'manifest-invalid': 'MANIFEST_INVALID',
  'manifest-too-large': 'SIZE_INVALID',
  'blob-unknown': 'BLOB_UNKNOWN',
  'reference-unknown': 'MANIFEST_UNKNOWN',
  'store-full': 'FULL',
  'in-use': 'BLOB_UPLOAD_INVALID',
}

/** Answers a failed request; what is not a refusal of ours is told to `log` and nobody else. */
export function answerError(response: ServerResponse, error: unknown, log: (message: string) => void): void {
  const code = codeOf(error)
  if (code === 'INTERNAL') log(`internal error: ${error instanceof Error ? error.stack : String(error)}`)
  if (response.headersSent) {
    response.destroy()
    return
  }
  const message = code === 'INTERNAL' ? 'internal error' : messageOf(error)
  const body = Buffer.from(JSON.stringify({ errors: [{ code, message }] }))
  // The rest of a refused body is not read: the connection cannot be used again.
  response.writeHead(STATUS[code], {
    'content-type': 'application/json',
    'content-length': body.length,
    connection: 'close',
  })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}

function codeOf(error: unknown): RegistryCode {
  if (error instanceof RegistryRefusal) return error.code
  return (isOvmsError(error) && FROM_OVMS[error.code]) || 'INTERNAL'
}
