import { isOvmsError, OvmsError } from '../../base/error.ts'
import { collect, openerOf } from '../../base/streams.ts'
import { isTree, successors } from '../../content/successors.ts'
import { checkDigest, readVerified } from '../../content/verified.ts'
import type { Descriptor } from '../../model/descriptor.ts'
import { algorithmOf, type Digest, digestOf, isDigest, parseDigest } from '../../model/digest.ts'
import { MAX_MANIFEST_BYTES } from '../../model/json-document.ts'
import { MEDIA_TYPES } from '../../model/media-types.ts'
import { answer, type Context, findRepository } from './context.ts'
import { RegistryRefusal } from './errors.ts'
import type { ServerRepository } from './storage.ts'

/** GET and HEAD of a manifest, byte for byte as it came (distribution-spec end-3). */
export async function serveManifest(context: Context, repositoryName: string, name: string): Promise<void> {
  const repository = await findRepository(context, repositoryName)
  const manifest = await repository.resolve(name.includes(':') ? parseDigest(name) : name)
  const headers = {
    'content-type': manifest.mediaType,
    'content-length': manifest.size,
    'docker-content-digest': manifest.digest,
  }
  if (context.request.method === 'HEAD') return answer(context, 200, headers)
  const bytes = await readVerified(repository, manifest)
  context.response.writeHead(200, headers).end(bytes)
}

/** PUT of a manifest under a tag or its digest; what it names must be there (distribution-spec end-7). */
export async function storeManifest(context: Context, repositoryName: string, name: string): Promise<void> {
  const { request, storage, signal } = context
  const bytes = await collect(request, MAX_MANIFEST_BYTES)
  const wanted = name.includes(':') ? parseDigest(name) : undefined
  const digest = digestOf(bytes, wanted ? algorithmOf(wanted) : 'sha256')
  if (wanted) checkDigest(wanted, digest)
  const mediaType = request.headers['content-type']?.split(';', 1)[0]?.trim() || MEDIA_TYPES.ociManifest
  const manifest: Descriptor = { mediaType, digest, size: bytes.length }
  const tag = wanted ? undefined : requireTag(name)
  if (isTree(manifest)) await requireChildren(manifest, bytes, (await storage.find(repositoryName)) ?? EMPTY)
  const repository = await storage.create(repositoryName)
  await repository.put(manifest, openerOf(bytes), { signal })
  if (tag === undefined) await repository.keep(manifest, { signal })
  else await repository.tag(tag, manifest, { signal })
  answer(context, 201, {
    location: `/v2/${repositoryName}/manifests/${digest}`,
    'docker-content-digest': digest,
  })
}

/** GET of all tags, in lexical order, a page at a time (distribution-spec end-8). */
export async function listTags(context: Context, repositoryName: string): Promise<void> {
  const repository = await findRepository(context, repositoryName)
  const { query, response } = context
  const last = query.get('last') ?? ''
  const limit = parseLimit(query.get('n'))
  const following = (await repository.names()).toSorted().filter((tag) => tag > last)
  const tags = following.slice(0, limit)
  const body = Buffer.from(JSON.stringify({ name: repositoryName, tags }))
  const next = `/v2/${repositoryName}/tags/list?n=${limit}&last=${encodeURIComponent(tags.at(-1) ?? '')}`
  const link = tags.length > 0 && tags.length < following.length ? { link: `<${next}>; rel="next"` } : {}
  response
    .writeHead(200, { 'content-type': 'application/json', 'content-length': body.length, ...link })
    .end(body)
}

/** @throws {RegistryRefusal} `QUERY_INVALID` */
function parseLimit(text: string | null): number {
  if (text === null) return Number.POSITIVE_INFINITY
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new RegistryRefusal('QUERY_INVALID', `n must be a number, it is ${JSON.stringify(text.slice(0, 40))}`)
}

type Blobs = Pick<ServerRepository, 'has' | 'open' | 'stat'>

/** What a repository has that is not there yet: it is made only for a manifest that it can keep. */
const EMPTY: Blobs = {
  has: async () => false,
  open: async ({ digest }) => missing(digest),
  stat: async (digest) => missing(digest),
}

function missing(digest: Digest): never {
  throw new OvmsError('blob-unknown', `There is no blob ${digest} here`, { actual: digest })
}

async function requireChildren(manifest: Descriptor, bytes: Uint8Array, repository: Blobs): Promise<void> {
  for (const child of await childrenOf(manifest, bytes, repository)) {
    if (await repository.has(child)) continue
    throw new RegistryRefusal(
      'MANIFEST_BLOB_UNKNOWN',
      `The manifest names ${child.digest}, which is not here`,
    )
  }
}

async function childrenOf(manifest: Descriptor, bytes: Uint8Array, repository: Blobs) {
  try {
    return await successors(manifest, bytes, repository)
  } catch (error) {
    if (isOvmsError(error, 'blob-unknown')) throw new RegistryRefusal('MANIFEST_BLOB_UNKNOWN', error.message)
    throw error
  }
}

function requireTag(name: string): string {
  if (/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/.test(name) && !isDigest(name)) return name
  throw new RegistryRefusal('MANIFEST_INVALID', `Not a tag: ${JSON.stringify(name.slice(0, 140))}`)
}
