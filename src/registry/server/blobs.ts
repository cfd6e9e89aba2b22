import { pipeline } from 'node:stream/promises'
import { parseDigest } from '../../model/digest.ts'
import { answer, type Context, findRepository } from './context.ts'
import { RegistryRefusal } from './errors.ts'

/** GET and HEAD of a blob, whole or a range of it (distribution-spec end-2, and RFC 9110 §14 for ranges). */
export async function serveBlob(context: Context, repositoryName: string, digestText: string): Promise<void> {
  const { request, response, signal } = context
  const digest = parseDigest(digestText)
  const repository = await findRepository(context, repositoryName)
  const { size } = await repository.stat(digest)
  const headers = {
    'content-type': 'application/octet-stream',
    'docker-content-digest': digest,
    'accept-ranges': 'bytes',
    etag: `"${digest}"`,
  }
  if (request.method === 'HEAD') return answer(context, 200, { ...headers, 'content-length': size })
  const range = parseRange(request.headers.range, size)
  const { first, last } = range ?? { first: 0, last: size - 1 }
  const length = last - first + 1
  response.writeHead(range ? 206 : 200, {
    ...headers,
    'content-length': length,
    ...(range && { 'content-range': `bytes ${first}-${last}/${size}` }),
  })
  const blob = { mediaType: 'application/octet-stream', digest, size }
  await pipeline(upTo(await repository.open(blob, { from: first, signal }), length), response)
}

/**
 * Reads a `Range` header of one range; several ranges, and other units, count as none, which RFC 9110 allows.
 *
 * @throws {RegistryRefusal} `RANGE_INVALID`
 */
export function parseRange(
  header: string | undefined,
  size: number,
): { first: number; last: number } | undefined {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? []
  if (from === undefined || to === undefined || (from === '' && to === '')) return undefined
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from)
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1)
  if (first <= last && first < size) return { first, last }
  throw new RegistryRefusal('RANGE_INVALID', `There are ${size} bytes, asked for ${header}`)
}

async function* upTo(bytes: AsyncIterable<Uint8Array>, length: number): AsyncIterable<Uint8Array> {
  let left = length
  for await (const chunk of bytes) {
    yield chunk.length > left ? chunk.subarray(0, left) : chunk
    left -= chunk.length
    if (left <= 0) return
  }
}
