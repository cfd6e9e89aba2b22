import { Agent, type Dispatcher, request } from 'undici'
import { isOvmsError, messageOf, OvmsError } from '../../base/error.ts'
import { retry } from '../../base/retry.ts'
import type { Signalled } from '../../base/signal.ts'
import { type Bytes, collect } from '../../base/streams.ts'

/** How long a registry may be silent, ms, before the line counts as dead: it limits a stall, never a whole transfer. */
const STALL_MS = 60_000
const CONNECT_MS = 10_000

/** Bytes of an error body that are read: enough for any honest message. */
const MAX_ERROR_BYTES = 64 * 1024

const MAX_REDIRECTS = 5

export interface RegistryRequest extends Signalled {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path below the registry's root, or the absolute URL of a `Location`. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** Bytes, or what opens them: a redirect wants them once more. */
  readonly body?: Uint8Array | (() => Promise<Bytes>)
  /** Statuses that are an answer; any other one is an error. */
  readonly expect: readonly number[]
}

export interface RegistryResponse {
  readonly status: number
  readonly url: URL
  header(name: string): string | undefined
  readonly body: Dispatcher.ResponseData['body']
}

/** A refusal with the codes of the distribution spec that the registry gave, as far as it gave any. */
export class RegistryAnswerError extends OvmsError {
  readonly codes: readonly string[]

  constructor(message: string, status: number, codes: readonly string[]) {
    super('registry-refused', message, { actual: status })
    this.codes = codes
  }
}

/** Talks to one registry: plain HTTP on this machine itself, TLS to any other. HTTP/1.1, a connection for each blob. */
export class RegistryConnection implements AsyncDisposable {
  readonly registry: string
  readonly #base: URL
  readonly #agent: Agent

  constructor(registry: string, { plainHttp = isLoopback(registry) }: { readonly plainHttp?: boolean } = {}) {
    this.registry = registry
    this.#base = new URL(`${plainHttp ? 'http' : 'https'}://${registry}`)
    this.#agent = new Agent({
      allowH2: false,
      connect: { timeout: CONNECT_MS },
      headersTimeout: STALL_MS,
      bodyTimeout: STALL_MS,
      keepAliveTimeout: 4_000,
    })
  }

  /**
   * Sends a request, follows redirects, and reads errors.
   *
   * @throws {OvmsError} `registry-unreachable`, `unauthorized`, `registry-refused`
   */
  async send(wanted: RegistryRequest): Promise<RegistryResponse> {
    let url = new URL(wanted.path, this.#base)
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const response = await this.#once(url, wanted)
      const location = response.header('location')
      const isRedirect =
        [301, 302, 303, 307, 308].includes(response.status) && !wanted.expect.includes(response.status)
      if (!isRedirect || location === undefined) return this.#checked(response, wanted)
      await response.body.dump()
      url = this.follow(location, url)
    }
    throw new OvmsError('registry-refused', `${this.registry} redirects in a circle`, { actual: url.href })
  }

  /** As {@link send}, for requests that may be repeated without harm. */
  sendAgain(wanted: RegistryRequest): Promise<RegistryResponse> {
    return retry(() => this.send(wanted), isPassing, wanted)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#agent.closed && !this.#agent.destroyed) await this.#agent.close()
  }

  /**
   * Where a `Location` leads that was answered at `from`.
   *
   * @throws {OvmsError} `registry-refused` when it leads nowhere, or from TLS to plain HTTP
   */
  follow(location: string | undefined, from: URL): URL {
    const url = location === undefined ? null : URL.parse(location, from.href)
    if (!url) {
      const said = location === undefined ? 'no place' : JSON.stringify(location.slice(0, 120))
      throw new OvmsError('registry-refused', `${this.registry} sends to ${said}`, { actual: location })
    }
    if (url.protocol === from.protocol || url.protocol === 'https:') return url
    throw new OvmsError('registry-refused', `${this.registry} sends from TLS to plain HTTP`, {
      actual: url.href,
    })
  }

  async #once(url: URL, wanted: RegistryRequest): Promise<RegistryResponse> {
    const { method, headers, signal } = wanted
    const body = typeof wanted.body === 'function' ? await wanted.body() : wanted.body
    try {
      const response = await request(url, {
        method,
        dispatcher: this.#agent,
        headers: { 'user-agent': 'ovm', ...headers },
        ...(body !== undefined && { body: body as Uint8Array }),
        ...(signal && { signal }),
      })
      const header = (name: string) => [response.headers[name]].flat()[0]
      return { status: response.statusCode, url, header, body: response.body }
    } catch (cause) {
      if (signal?.aborted) throw signal.reason
      if (isOvmsError(cause)) throw cause
      throw new OvmsError('registry-unreachable', `${this.registry} does not answer: ${messageOf(cause)}`, {
        cause,
        actual: url.host,
        hint: 'Check the host name and that the registry is up',
      })
    }
  }

  async #checked(response: RegistryResponse, { method, expect }: RegistryRequest): Promise<RegistryResponse> {
    if (expect.includes(response.status)) return response
    const { status, url } = response
    const text = await collect(response.body, MAX_ERROR_BYTES).catch(() => Buffer.alloc(0))
    const { said, codes } = readErrors(text.toString('utf8'))
    const message = `${method} ${url.host}${url.pathname} was answered with ${status}${said === '' ? '' : `: ${said}`}`
    if (status === 401 || status === 403) {
      throw new OvmsError('unauthorized', message, {
        actual: status,
        hint: 'The registry wants credentials, which this version cannot give',
      })
    }
    throw new RegistryAnswerError(message, status, codes)
  }
}

/** Errors that may be gone a moment later. */
export function isPassing(error: unknown): boolean {
  if (isOvmsError(error, 'registry-unreachable', 'transfer-interrupted')) return true
  return (
    isOvmsError(error, 'registry-refused') && [408, 429, 500, 502, 503, 504].includes(Number(error.actual))
  )
}

/** Hosts for which plain HTTP is safe, because the line does not leave the machine. */
function isLoopback(registry: string): boolean {
  const host = registry.replace(/:\d+$/, '')
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    /^127(?:\.\d{1,3}){3}$/.test(host) ||
    host === '[::1]'
  )
}

/** distribution-spec, "Error Codes": `{"errors":[{"code","message"}]}`; anything else is shown as it is, shortened. */
function readErrors(text: string): { readonly said: string; readonly codes: readonly string[] } {
  try {
    const { errors } = JSON.parse(text) as { errors?: { code?: string; message?: string }[] }
    if (Array.isArray(errors)) {
      const said = errors.map(({ code, message }) => `${code ?? ''} ${message ?? ''}`.trim()).join('; ')
      return { said, codes: errors.map(({ code }) => String(code)) }
    }
  } catch {
    // Not JSON: proxies answer in HTML or plain text.
  }
  return { said: text.replaceAll(/\s+/g, ' ').slice(0, 200).trim(), codes: [] }
}
