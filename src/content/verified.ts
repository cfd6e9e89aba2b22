import { OvmsError } from '../base/error.ts'
import type { Signalled } from '../base/signal.ts'
import { type Bytes, collect } from '../base/streams.ts'
import type { Descriptor } from '../model/descriptor.ts'
import { algorithmOf, type Digest, Digester } from '../model/digest.ts'
import { MAX_MANIFEST_BYTES } from '../model/json-document.ts'
import type { BlobSource } from './ports.ts'

/**
 * Passes bytes on while it hashes and counts them, and throws at the end when they are not what `blob` names: whoever
 * makes them visible does so only after this has ended.
 *
 * @throws {OvmsError} `size-mismatch` as soon as there is a byte too many, or at the end; `digest-mismatch`
 */
export async function* verified(bytes: Bytes, blob: Pick<Descriptor, 'digest' | 'size'>): Bytes {
  const digester = new Digester(algorithmOf(blob.digest))
  for await (const chunk of bytes) {
    digester.update(chunk)
    if (digester.size > blob.size) refuseSize(blob, `more than ${blob.size}`, digester.size)
    yield chunk
  }
  if (digester.size !== blob.size) refuseSize(blob, `${digester.size}`, digester.size)
  checkDigest(blob.digest, digester.digest())
}

/** @throws {OvmsError} `digest-mismatch` */
export function checkDigest(wanted: Digest, actual: Digest): void {
  if (wanted === actual) return
  throw new OvmsError('digest-mismatch', `Bytes named ${wanted} have the digest ${actual}`, {
    actual,
    hint: 'Fetch it again; if it stays so, the source is damaged or tampered with',
  })
}

/** @throws {OvmsError} `size-mismatch` */
export function refuseSize(blob: Pick<Descriptor, 'digest' | 'size'>, found: string, actual: number): never {
  throw new OvmsError('size-mismatch', `${blob.digest} must have ${blob.size} bytes, found ${found}`, {
    actual,
    hint: 'Fetch it again; if it stays so, the source is damaged or tampered with',
  })
}

/**
 * Reads a small blob whole, verified.
 *
 * @throws {OvmsError} `manifest-too-large`, `blob-unknown`, `digest-mismatch`, `size-mismatch`
 */
export async function readVerified(
  source: BlobSource,
  blob: Descriptor,
  { signal, maximum = MAX_MANIFEST_BYTES }: Signalled & { readonly maximum?: number } = {},
): Promise<Buffer> {
  if (blob.size > maximum) {
    throw new OvmsError(
      'manifest-too-large',
      `${blob.digest} has ${blob.size} bytes, the limit is ${maximum}`,
      {
        actual: blob.size,
        hint: 'A manifest names blobs; what is large belongs into a blob',
      },
    )
  }
  return collect(verified(await source.open(blob, { signal }), blob), maximum)
}
