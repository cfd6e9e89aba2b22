import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { OvmsError, systemCode } from '../../base/error.ts'
import { serveBlob } from './blobs.ts'
import { answer, type Context } from './context.ts'
import { deleteBlob, deleteManifest } from './deletions.ts'
import { answerError, RegistryRefusal } from './errors.ts'
import { listTags, serveManifest, storeManifest } from './manifests.ts'
import { parseRoute, type Route } from './route.ts'
import type { ServerStorage } from './storage.ts'
import { type UploadLimits, UploadSessions } from './upload-sessions.ts'
import { beginUpload, continueUpload } from './uploads.ts'

/** A connection that is silent for so long, ms, counts as dead: the client gives up long before. */
const SILENT_MS = 3_600_000

/** What is under way when the registry ends has so long, ms, to come to its own end. */
const GRACE_MS = 5_000

export interface RegistryServerOptions {
  readonly storage: ServerStorage
  readonly log?: (message: string) => void
  readonly uploads?: UploadLimits
  readonly graceMs?: number
}

/** The embedded registry: the OCI distribution API over any storage. spec/registry.md */
export class RegistryServer implements AsyncDisposable {
  readonly #server: Server
  readonly #storage: ServerStorage
  readonly #log: (message: string) => void
  readonly #uploads: UploadSessions
  readonly #graceMs: number
  readonly #underWay = new Set<Promise<void>>()

  constructor({ storage, log = () => {}, uploads, graceMs = GRACE_MS }: RegistryServerOptions) {
    this.#storage = storage
    this.#log = log
    this.#uploads = new UploadSessions(uploads)
    this.#graceMs = graceMs
    // Node's default of five minutes for a whole request would end long uploads.
    this.#server = createServer({ requestTimeout: 0, keepAliveTimeout: 30_000 }, (request, response) => {
      const handling = this.#handle(request, response).finally(() => this.#underWay.delete(handling))
      this.#underWay.add(handling)
    })
    this.#server.timeout = SILENT_MS
  }

  /** @returns the address it listens at, as the registry part of a reference */
  async listen({ host = '127.0.0.1', port = 0 } = {}): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause) => reject(listenError(cause, host, port)))
      this.#server.listen(port, host, resolve)
    })
    const { address, port: actual, family } = this.#server.address() as AddressInfo
    return family === 'IPv6' ? `[${address}]:${actual}` : `${address}:${actual}`
  }

  /** Takes no new requests, waits a little for those under way, hangs up, and forgets unfinished uploads. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeIdleConnections()
    const grace = setTimeout(() => this.#server.closeAllConnections(), this.#graceMs)
    await closed
    clearTimeout(grace)
    // Those that were hung up on still close their files.
    await Promise.all(this.#underWay)
    await this.#uploads[Symbol.asyncDispose]()
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController()
    response.once('close', () => gone.abort(new OvmsError('interrupted', 'The client has gone')))
    response.setHeader('docker-distribution-api-version', 'registry/2.0')
    try {
      const { path, query } = readTarget(request.url)
      const base = { storage: this.#storage, uploads: this.#uploads, request, response }
      const context: Context = { ...base, query, signal: gone.signal }
      await dispatch(context, parseRoute(path))
      this.#log(`${request.method} ${path} ${response.statusCode}`)
    } catch (error) {
      if (gone.signal.aborted) return
      answerError(response, error, this.#log)
      this.#log(`${request.method} ${request.url} ${response.statusCode}`)
    }
  }
}

/** @throws {RegistryRefusal} `NAME_INVALID` for what is no path */
function readTarget(target = '/'): { readonly path: string; readonly query: URLSearchParams } {
  try {
    const { pathname, searchParams } = new URL(target, 'http://registry')
    return { path: decodeURIComponent(pathname), query: searchParams }
  } catch {
    throw new RegistryRefusal('NAME_INVALID', `Not a path: ${JSON.stringify(target.slice(0, 120))}`)
  }
}

async function dispatch(context: Context, route: Route): Promise<void> {
  const method = context.request.method ?? 'GET'
  const isRead = method === 'GET' || method === 'HEAD'
  if (route.is === 'ping' && isRead) return answer(context, 200)
  if (route.is === 'blob' && isRead) return serveBlob(context, route.repository, route.digest)
  if (route.is === 'blob' && method === 'DELETE') return deleteBlob(context, route.repository, route.digest)
  if (route.is === 'uploads' && method === 'POST') return beginUpload(context, route.repository)
  if (route.is === 'upload' && ['GET', 'PATCH', 'PUT', 'DELETE'].includes(method)) {
    return continueUpload(context, route.repository, route.id)
  }
  if (route.is === 'manifest' && isRead) return serveManifest(context, route.repository, route.name)
  if (route.is === 'manifest' && method === 'PUT') return storeManifest(context, route.repository, route.name)
  if (route.is === 'manifest' && method === 'DELETE')
    return deleteManifest(context, route.repository, route.name)
  if (route.is === 'tags' && method === 'GET') return listTags(context, route.repository)
  throw new RegistryRefusal('UNSUPPORTED', `${method} is not supported here`)
}

function listenError(cause: Error, host: string, port: number): unknown {
  if (systemCode(cause) !== 'EADDRINUSE') return cause
  return new OvmsError('port-in-use', `Port ${port} of ${host} is taken`, {
    cause,
    actual: port,
    hint: 'Choose another with --port, or 0 for a free one',
  })
}
