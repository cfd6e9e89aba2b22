import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Digest } from '../../src/model/digest.ts'
import type { RemoteReference } from '../../src/model/reference.ts'
import { RegistryRepository } from '../../src/registry/client/repository.ts'
import type { SampleArtifact } from './blobs.ts'

/** How a registry misbehaves with one blob or manifest. */
export interface Misdeed {
  /** Other bytes than the digest names. */
  readonly bytes?: Uint8Array
  /** Says no size, as a proxy does that sends in chunks. */
  readonly chunked?: boolean
  /** Hangs up after so many bytes of each answer. */
  readonly breakAfter?: number
  /** How often it hangs up; always where nothing is said. */
  readonly breaks?: number
  /** Answers every range with the whole blob. */
  readonly ignoresRanges?: boolean
  /** Waits for ever after so many bytes. */
  readonly stallAfter?: number
}

export interface RudeRegistry extends AsyncDisposable {
  readonly address: string
  /** `GET /v2/… bytes=…` of each request. */
  readonly requests: string[]
  /** Bytes of blobs that were sent. */
  readonly sent: { bytes: number }
  readonly misdeeds: Map<Digest, Misdeed>
  readonly openRepository: (reference: RemoteReference) => Promise<RegistryRepository>
}

/** A registry that serves one artifact as `demo:1`, and serves it badly where it is told to. */
export async function startRudeRegistry(
  artifact: SampleArtifact,
  misdeeds: ReadonlyMap<Digest, Misdeed> = new Map(),
): Promise<RudeRegistry> {
  const requests: string[] = []
  const sent = { bytes: 0 }
  const now = new Map(misdeeds)
  const broken = new Map<string, number>()
  const contents = new Map(artifact.all.map(({ blob, bytes }) => [blob.digest, bytes]))
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://x')
    requests.push(`${request.method} ${pathname} ${request.headers.range ?? ''}`.trim())
    const name = decodeURIComponent(pathname.slice(pathname.lastIndexOf('/') + 1))
    const digest = (name === '1' ? artifact.root.digest : name) as Digest
    const isManifest = pathname.includes('/manifests/')
    const bytes = now.get(digest)?.bytes ?? contents.get(digest)
    if (!bytes) return void response.writeHead(404).end()
    if (isManifest) return answerManifest(request, response, bytes, artifact.root.mediaType, digest)
    answerBlob(request, response, bytes, { ...now.get(digest) }, digest)
  })

  function answerBlob(
    request: IncomingMessage,
    response: ServerResponse,
    bytes: Uint8Array,
    misdeed: Misdeed,
    digest: string,
  ): void {
    const [, first = ''] = /^bytes=(\d+)-/.exec(request.headers.range ?? '') ?? []
    const isRange = first !== '' && !misdeed.ignoresRanges
    const from = isRange ? Number(first) : 0
    if (from >= bytes.length && from > 0)
      return void response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end()
    const size = misdeed.chunked ? {} : { 'content-length': bytes.length - from }
    const range = isRange ? { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {}
    response.writeHead(isRange ? 206 : 200, { ...size, ...range })
    if (request.method === 'HEAD') return void response.end()
    const count = broken.get(digest) ?? 0
    const limit = count < (misdeed.breaks ?? Number.POSITIVE_INFINITY) ? misdeed.breakAfter : undefined
    const piece = bytes.subarray(from, from + (limit ?? misdeed.stallAfter ?? bytes.length))
    sent.bytes += piece.length
    if (limit !== undefined && piece.length < bytes.length - from) {
      broken.set(digest, count + 1)
      response.write(piece, () => setTimeout(() => response.destroy(), 20))
    } else if (misdeed.stallAfter !== undefined) response.write(piece)
    else response.end(piece)
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const clients = new AsyncDisposableStack()
  const openRepository = async (reference: RemoteReference) => clients.use(new RegistryRepository(reference))
  return {
    address,
    requests,
    sent,
    misdeeds: now,
    openRepository,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await clients.disposeAsync()
      await closed
    },
  }
}

function answerManifest(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Uint8Array,
  mediaType: string,
  digest: string,
): void {
  const headers = {
    'content-type': mediaType,
    'content-length': bytes.length,
    'docker-content-digest': digest,
  }
  response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : bytes)
}
