import type { Upload } from '../../content/ports.ts'
import { type Digest, isDigest, parseDigest } from '../../model/digest.ts'
import { answer, type Context } from './context.ts'
import { RegistryRefusal } from './errors.ts'
import { parseRepository } from './route.ts'
import type { Mounting, ServerRepository } from './storage.ts'

/** POST: opens a session, takes a whole blob at once (`?digest=`), or mounts one (`?mount=&from=`). */
export async function beginUpload(context: Context, name: string): Promise<void> {
  const { query, storage, uploads, request, signal } = context
  const mount = query.get('mount')
  if (mount !== null && isDigest(mount) && (await mountBlob(context, name, mount)))
    return created(context, name, mount)
  const digest = query.get('digest')
  const wanted = digest === null ? undefined : parseDigest(digest)
  const begin = async () => (await storage.create(name)).beginUpload()
  if (wanted === undefined) return sessionState(context, name, await uploads.open(name, begin), 202)
  const upload = await begin()
  await appendOrAbort(upload, request, signal)
  await upload.commit(wanted)
  created(context, name, wanted)
}

/** PATCH: takes the next piece; GET: says how far it came; PUT: takes the last piece and ends; DELETE: forgets. */
export function continueUpload(context: Context, name: string, id: string): Promise<void> {
  return context.uploads.use(id, name, (upload) => goOn(context, name, upload))
}

async function goOn(context: Context, name: string, upload: Upload): Promise<void> {
  const { request, uploads, signal, query } = context
  if (request.method === 'GET') return sessionState(context, name, upload, 204)
  if (request.method === 'DELETE') {
    uploads.forget(upload)
    await upload.abort()
    return answer(context, 204)
  }
  requireContinuation(request.headers['content-range'], upload.size)
  if (request.method === 'PATCH') {
    await upload.append(request, { signal })
    return sessionState(context, name, upload, 202)
  }
  const digest = parseDigest(query.get('digest') ?? '')
  await upload.append(request, { signal })
  uploads.forget(upload)
  await upload.commit(digest)
  created(context, name, digest)
}

async function mountBlob({ query, storage }: Context, name: string, digest: Digest): Promise<boolean> {
  const from = query.get('from')
  const source = from === null ? undefined : await storage.find(parseRepository(from))
  const size = await source?.stat(digest).then(
    (found) => found.size,
    () => undefined,
  )
  if (!source || size === undefined) return false
  const repository = await storage.create(name)
  if (!('mount' in repository)) return false
  const blob = { mediaType: 'application/octet-stream', digest, size }
  return (repository as ServerRepository & Mounting).mount(blob, source)
}

async function appendOrAbort(
  upload: Upload,
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  try {
    await upload.append(bytes, { signal })
  } catch (error) {
    await upload.abort()
    throw error
  }
}

/** A chunk says where it belongs; one that does not follow what is there is refused (distribution-spec end-5). */
function requireContinuation(contentRange: string | undefined, size: number): void {
  const [, first] = /^(?:bytes )?(\d+)-\d+/.exec(contentRange ?? '') ?? []
  if (first === undefined || Number(first) === size) return
  throw new RegistryRefusal('RANGE_INVALID', `The next byte is ${size}, not ${first}`)
}

function sessionState(context: Context, name: string, { id, size }: Upload, status: number): void {
  answer(context, status, {
    location: `/v2/${name}/blobs/uploads/${id}`,
    range: `0-${Math.max(0, size - 1)}`,
    'docker-upload-uuid': id,
  })
}

function created(context: Context, name: string, digest: Digest): void {
  answer(context, 201, { location: `/v2/${name}/blobs/${digest}`, 'docker-content-digest': digest })
}
