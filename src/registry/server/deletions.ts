import { parseDigest } from '../../model/digest.ts'
import { answer, type Context, findRepository } from './context.ts'
import { RegistryRefusal } from './errors.ts'
import type { Erasing, ServerStorage } from './storage.ts'

/** DELETE of a tag, which leaves its manifest, or of a manifest with all its tags (distribution-spec end-9). */
export async function deleteManifest(context: Context, repositoryName: string, name: string): Promise<void> {
  const storage = requireErasing(context.storage)
  const repository = await findRepository(context, repositoryName)
  const isTag = !name.includes(':')
  const { digest } = await repository.resolve(isTag ? name : parseDigest(name))
  if (isTag) await storage.untag(repository, name)
  else await storage.erase(repository, digest)
  answer(context, 202)
}

/** DELETE of a blob (distribution-spec end-10); what names it is the client's business. */
export async function deleteBlob(context: Context, repositoryName: string, name: string): Promise<void> {
  const storage = requireErasing(context.storage)
  const digest = parseDigest(name)
  const repository = await findRepository(context, repositoryName)
  await repository.stat(digest)
  await storage.erase(repository, digest)
  answer(context, 202)
}

/** @throws {RegistryRefusal} `UNSUPPORTED` */
function requireErasing(storage: ServerStorage): Erasing {
  if ('erase' in storage) return storage as ServerStorage & Erasing
  throw new RegistryRefusal('UNSUPPORTED', 'This registry deletes nothing')
}
