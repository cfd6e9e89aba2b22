import { OvmsError } from './error.ts'
import type { Signalled } from './signal.ts'

export type Bytes = AsyncIterable<Uint8Array>

/** Bytes that can be opened again, from any offset: what makes retry and resume possible. */
export type Opener = (from: number, options: { readonly signal?: AbortSignal | undefined }) => Promise<Bytes>

/**
 * Reads all of a small stream into memory.
 *
 * @throws {OvmsError} `manifest-too-large` when there is more than `maximum` bytes
 */
export async function collect(bytes: Bytes, maximum: number, what = 'A manifest'): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of bytes) {
    size += chunk.length
    if (size > maximum) {
      throw new OvmsError('manifest-too-large', `${what} is over the limit of ${maximum} bytes`, {
        actual: size,
        hint: 'What is large belongs into a blob',
      })
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}

/** The same bytes until the signal aborts; then its own reason, where a stream of Node would throw an `AbortError`. */
export async function* untilAbort(bytes: Bytes, { signal }: Signalled): Bytes {
  try {
    signal?.throwIfAborted()
    for await (const chunk of bytes) {
      yield chunk
      signal?.throwIfAborted()
    }
  } catch (error) {
    throw signal?.aborted ? signal.reason : error
  }
}

/** An opener over bytes in memory. */
export function openerOf(bytes: Uint8Array): Opener {
  return async (from) => once(bytes.subarray(from))
}

async function* once(bytes: Uint8Array): Bytes {
  yield bytes
}
