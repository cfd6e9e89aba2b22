import { OvmsError } from '../base/error.ts'
import { type Digest, isDigest, parseDigest } from './digest.ts'
import { parseReference } from './reference.ts'

/**
 * The digest that a `ref` of the OVMS manifest stands for: the digest itself, or that of a registry reference.
 *
 * @throws {OvmsError} `digest-invalid`, `digest-unsupported`, `reference-invalid`; `not-supported` for a registry
 * reference without a digest, whose bytes could change under the manifest
 */
export function blobDigest(ref: string): Digest {
  if (isDigest(ref)) return ref
  if (/^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[A-Za-z0-9=_-]+$/.test(ref) && !ref.includes('/'))
    return parseDigest(ref)
  const { digest } = parseReference(ref)
  if (digest) return digest
  throw new OvmsError('not-supported', `The reference ${JSON.stringify(ref)} names a blob without a digest`, {
    actual: ref,
    hint: 'Write it as registry/repository@sha256:…',
  })
}

/** The digest of a `ref`, or nothing where it has none. */
export function blobDigestOrNothing(ref: string): Digest | undefined {
  try {
    return blobDigest(ref)
  } catch {
    return undefined
  }
}
