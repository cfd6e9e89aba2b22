import { OvmsError } from '../base/error.ts'
import { type Digest, parseDigest } from './digest.ts'

/**
 * The name of an artifact: `[registry/]repository[:tag][@digest]`. Without a registry it names something of the local
 * store only. spec/references.md
 */
export interface Reference {
  readonly registry?: string
  readonly repository: string
  readonly tag?: string
  readonly digest?: Digest
}

/** A reference that names a registry. */
export type RemoteReference = Reference & { readonly registry: string }

/** distribution-spec, "Pulling manifests": `<name>` and `<reference>`. */
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/
const REGISTRY = /^(?:\[[0-9a-fA-F:]+\]|[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?)(?::[0-9]{1,5})?$/

/** Characters of registry and repository together: many registries refuse more. */
const MAX_NAME_LENGTH = 255

/**
 * Reads a reference.
 *
 * @throws {OvmsError} `reference-invalid`, `digest-invalid`, `digest-unsupported`
 */
export function parseReference(text: string): Reference {
  const at = text.indexOf('@')
  const name = at < 0 ? text : text.slice(0, at)
  const digest = at < 0 ? undefined : parseDigest(text.slice(at + 1))
  const { registry, rest } = splitRegistry(name)
  const colon = rest.indexOf(':')
  const repository = colon < 0 ? rest : rest.slice(0, colon)
  const tag = colon < 0 ? undefined : rest.slice(colon + 1)
  if (registry !== undefined && !isHost(registry)) refuse(text, `${show(registry)} is not a registry host`)
  if (!REPOSITORY.test(repository)) refuse(text, repositoryComplaint(repository))
  if (tag !== undefined && !TAG.test(tag)) refuse(text, `${show(tag)} is not a tag`)
  if (name.length > MAX_NAME_LENGTH + 129) refuse(text, 'it is too long')
  if ((registry?.length ?? 0) + 1 + repository.length > MAX_NAME_LENGTH) refuse(text, 'it is too long')
  return {
    ...(registry !== undefined && { registry }),
    repository,
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest }),
  }
}

/** The reference as text; parsing it again gives the same reference. */
export function formatReference({ registry, repository, tag, digest }: Reference): string {
  const name = registry === undefined ? repository : `${registry}/${repository}`
  return `${name}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`
}

/** The same reference with the tag `latest` where neither tag nor digest was given. */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag === undefined && reference.digest === undefined
    ? { ...reference, tag: 'latest' }
    : reference
}

export function isRemote(reference: Reference): reference is RemoteReference {
  return reference.registry !== undefined
}

/** The first part is a registry when it could be a host: it has a dot, a port or brackets, or is `localhost`. */
function splitRegistry(name: string): { registry?: string; rest: string } {
  const slash = name.indexOf('/')
  if (slash < 0) return { rest: name }
  const first = name.slice(0, slash)
  if (!/[.:[]/.test(first) && first !== 'localhost') return { rest: name }
  return { registry: first, rest: name.slice(slash + 1) }
}

/** A host that no URL can hold, as one with port 99999, could be named but never asked. */
function isHost(registry: string): boolean {
  return REGISTRY.test(registry) && URL.canParse(`https://${registry}`)
}

function repositoryComplaint(repository: string): string {
  if (repository === '') return 'the repository is missing'
  if (repository !== repository.toLowerCase())
    return `the repository ${show(repository)} has upper-case letters`
  return `${show(repository)} is not a repository`
}

function refuse(text: string, why: string): never {
  throw new OvmsError('reference-invalid', `Not a reference: ${show(text)}: ${why}`, {
    actual: text,
    hint: 'A reference looks like registry.example.com/team/name:tag',
  })
}

function show(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text)
}
