import type { IncomingMessage, ServerResponse } from 'node:http'
import { RegistryRefusal } from './errors.ts'
import type { ServerRepository, ServerStorage } from './storage.ts'
import type { UploadSessions } from './upload-sessions.ts'

/** What every handler gets. */
export interface Context {
  readonly storage: ServerStorage
  readonly uploads: UploadSessions
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly query: URLSearchParams
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal
}

/** @throws {RegistryRefusal} `NAME_UNKNOWN` */
export async function findRepository({ storage }: Context, name: string): Promise<ServerRepository> {
  const repository = await storage.find(name)
  if (repository) return repository
  throw new RegistryRefusal('NAME_UNKNOWN', `There is no repository ${name}`)
}

/** Ends a request without a body. */
export function answer(
  { response }: Context,
  status: number,
  headers: Record<string, string | number> = {},
): void {
  response.writeHead(status, { 'content-length': 0, ...headers }).end()
}
