import { parseReference } from '../../model/reference.ts'
import { RegistryRefusal } from './errors.ts'

/** What a path below `/v2/` is about. */
export type Route =
  | { readonly is: 'ping' }
  | { readonly is: 'blob'; readonly repository: string; readonly digest: string }
  | { readonly is: 'uploads'; readonly repository: string }
  | { readonly is: 'upload'; readonly repository: string; readonly id: string }
  | { readonly is: 'manifest'; readonly repository: string; readonly name: string }
  | { readonly is: 'tags'; readonly repository: string }

/**
 * Reads a path from the right, because repository names contain slashes.
 *
 * @throws {RegistryRefusal} `NAME_INVALID`, `NOT_FOUND`
 */
export function parseRoute(path: string): Route {
  if (path === '/v2' || path === '/v2/') return { is: 'ping' }
  const parts = path.split('/')
  if (parts[0] !== '' || parts[1] !== 'v2')
    throw new RegistryRefusal('NOT_FOUND', `There is nothing at ${path}`)
  const [last = '', second = '', third = ''] = parts.toReversed()
  const repository = (cut: number) => parseRepository(parts.slice(2, parts.length - cut).join('/'))
  if (third === 'blobs' && second === 'uploads') {
    return last === ''
      ? { is: 'uploads', repository: repository(3) }
      : { is: 'upload', repository: repository(3), id: last }
  }
  if (second === 'blobs' && last === 'uploads') return { is: 'uploads', repository: repository(2) }
  if (second === 'blobs') return { is: 'blob', repository: repository(2), digest: last }
  if (second === 'manifests') return { is: 'manifest', repository: repository(2), name: last }
  if (second === 'tags' && last === 'list') return { is: 'tags', repository: repository(2) }
  throw new RegistryRefusal('NOT_FOUND', `There is nothing at ${path}`)
}

/** @throws {RegistryRefusal} `NAME_INVALID` */
export function parseRepository(name: string): string {
  try {
    // With a host before it the whole name must be a repository, whatever its first part looks like.
    const { repository, tag, digest } = parseReference(`localhost/${name}`)
    if (repository === name && tag === undefined && digest === undefined) return name
  } catch {
    // Told below, in the registry's words.
  }
  throw new RegistryRefusal('NAME_INVALID', `Not a repository name: ${JSON.stringify(name.slice(0, 120))}`)
}
