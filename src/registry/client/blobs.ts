import { isOvmsError, messageOf, OvmsError } from '../../base/error.ts'
import { type Signalled, sleep } from '../../base/signal.ts'
import type { Bytes, Opener } from '../../base/streams.ts'
import { refuseSize } from '../../content/verified.ts'
import type { Descriptor } from '../../model/descriptor.ts'
import type { Digest } from '../../model/digest.ts'
import {
  isPassing,
  RegistryAnswerError,
  type RegistryConnection,
  type RegistryResponse,
} from './connection.ts'

/** Attempts to go on after a line broke, with longer waits each time; a byte that arrives earns all of them again. */
const MAX_RESUMES = 4
const RESUME_WAIT_MS = 500

interface BlobPlace {
  readonly connection: RegistryConnection
  readonly repository: string
}

/** @returns the size of a blob in bytes, or undefined where the registry does not have it */
export async function headBlob(
  { connection, repository }: BlobPlace,
  digest: Digest,
  { signal }: Signalled = {},
): Promise<number | undefined> {
  const path = `/v2/${repository}/blobs/${digest}`
  const response = await connection.sendAgain({ method: 'HEAD', path, expect: [200, 404], signal })
  await response.body.dump()
  return response.status === 200 ? Number(response.header('content-length') ?? Number.NaN) : undefined
}

/**
 * The bytes of a blob from an offset on. When the line breaks on the way, the rest is asked for.
 *
 * @throws {OvmsError} `blob-unknown`, `size-mismatch`, `transfer-interrupted`, `registry-unreachable`, `registry-refused`
 */
export async function* openBlob(
  place: BlobPlace,
  blob: Descriptor,
  from: number,
  { signal }: Signalled = {},
): Bytes {
  let position = from
  for (let failures = 0; ; ) {
    try {
      for await (const chunk of await requestBlob(place, blob, position, { signal })) {
        position += chunk.length
        failures = 0
        yield chunk
      }
      if (position >= blob.size) return
      throw new OvmsError(
        'transfer-interrupted',
        `${place.connection.registry} ended ${blob.digest} after ${position} of ${blob.size} bytes`,
      )
    } catch (cause) {
      if (signal?.aborted) throw signal.reason
      if (isOvmsError(cause) && !isPassing(cause)) throw cause
      if (++failures > MAX_RESUMES) throw interrupted(place, blob, position, cause)
      await sleep(RESUME_WAIT_MS * failures, { signal })
    }
  }
}

async function requestBlob(
  place: BlobPlace,
  blob: Descriptor,
  from: number,
  { signal }: Signalled,
): Promise<Bytes> {
  const path = `/v2/${place.repository}/blobs/${blob.digest}`
  // Closed ranges only: some registries answer 416 to an open one.
  const headers: Record<string, string> = from > 0 ? { range: `bytes=${from}-${blob.size - 1}` } : {}
  // Sent once: whoever reads goes on after a failure anyway, and attempts within attempts take many times as long.
  const response = await place.connection.send({
    method: 'GET',
    path,
    headers,
    expect: [200, 206, 404, 416],
    signal,
  })
  if (response.status === 404) {
    await response.body.dump()
    throw new OvmsError(
      'blob-unknown',
      `${place.connection.registry}/${place.repository} has no blob ${blob.digest}`,
      {
        actual: blob.digest,
      },
    )
  }
  requireSize(response, blob, from)
  if (response.status === 206) requireRange(response, from)
  return response.status === 200 && from > 0 ? skip(response.body, from) : response.body
}

/** A blob of another size cannot be the one that is wanted: not a byte of it is fetched. */
function requireSize(response: RegistryResponse, blob: Descriptor, from: number): void {
  const { status, header } = response
  const said = status === 200 ? header('content-length') : header('content-range')?.replace(/^.*\//, '')
  const size = /^\d+$/.test(said ?? '') ? Number(said) : undefined
  if (status !== 416 && (size === undefined || size === blob.size)) return
  discard(response)
  refuseSize(blob, size === undefined ? `no byte ${from}` : `${size}`, size ?? from)
}

/** Hangs up on an answer that is of no use; nobody waits for the error which that is to its stream. */
function discard({ body }: RegistryResponse): void {
  body.on('error', () => {}).destroy()
}

/** A range that starts elsewhere would be stitched into nonsense. */
function requireRange(response: RegistryResponse, from: number): void {
  const range = response.header('content-range')
  if (range?.startsWith(`bytes ${from}-`)) return
  discard(response)
  throw new OvmsError(
    'registry-refused',
    `Asked for bytes from ${from}, the registry sent ${range ?? 'an unnamed range'}`,
    {
      actual: range,
    },
  )
}

/** A registry that ignores ranges sends everything. */
async function* skip(bytes: Bytes, count: number): Bytes {
  let left = count
  for await (const chunk of bytes) {
    if (chunk.length > left) yield chunk.subarray(left)
    left = Math.max(0, left - chunk.length)
  }
}

/**
 * Uploads a blob in one request, after asking for a session. All of it may be tried again: the bytes are opened anew.
 *
 * @throws {OvmsError} `digest-mismatch` when the registry received other bytes, `registry-unreachable`, `registry-refused`
 */
export async function uploadBlob(
  place: BlobPlace,
  blob: Descriptor,
  open: Opener,
  { signal }: Signalled = {},
): Promise<void> {
  const { connection, repository } = place
  const session = await connection.send({
    method: 'POST',
    path: `/v2/${repository}/blobs/uploads/`,
    expect: [202],
    signal,
  })
  await session.body.dump()
  const location = connection.follow(session.header('location'), session.url)
  location.searchParams.append('digest', blob.digest)
  const headers = { 'content-type': 'application/octet-stream', 'content-length': String(blob.size) }
  const body = blob.size === 0 ? new Uint8Array(0) : () => open(0, { signal })
  try {
    const stored = await connection.send({
      method: 'PUT',
      path: location.href,
      headers,
      body,
      expect: [201],
      signal,
    })
    await stored.body.dump()
  } catch (error) {
    const isOther = error instanceof RegistryAnswerError && error.codes.includes('DIGEST_INVALID')
    throw isOther ? damaged(blob, error) : error
  }
}

function damaged(blob: Descriptor, cause: unknown): OvmsError {
  return new OvmsError('digest-mismatch', `The registry received other bytes than ${blob.digest} names`, {
    cause,
    actual: blob.digest,
    hint: 'The local copy may be damaged: "ovm rmi" the artifact and build or pull it again',
  })
}

function interrupted(place: BlobPlace, blob: Descriptor, position: number, cause: unknown): OvmsError {
  const message = `${place.connection.registry} broke off ${blob.digest} at byte ${position} of ${blob.size}: ${messageOf(cause)}`
  return new OvmsError('transfer-interrupted', message, {
    cause,
    actual: position,
    hint: 'Run the same command again: it goes on where it stopped',
  })
}
