import { isOvmsError, OvmsError } from '../base/error.ts'
import type { Signalled } from '../base/signal.ts'
import { openerOf } from '../base/streams.ts'
import { type CopyResult, copyTree } from '../content/copy.ts'
import type { BlobStat, ContentSource, ContentStore, Leasing } from '../content/ports.ts'
import type { TransferListener } from '../content/transfer-event.ts'
import { readVerified } from '../content/verified.ts'
import type { Descriptor } from '../model/descriptor.ts'
import { isDigest } from '../model/digest.ts'
import { isIndexType } from '../model/media-types.ts'
import {
  formatReference,
  isRemote,
  parseReference,
  type RemoteReference,
  withDefaultTag,
} from '../model/reference.ts'
import { type Artifact, choosePlatform, readArtifact, requireConsistent } from './artifact.ts'

export type PullPolicy = 'always' | 'missing' | 'never'

export type LocalStore = ContentStore & BlobStat & Leasing
export type OpenRepository = (
  reference: RemoteReference,
) => Promise<ContentSource & BlobStat & AsyncDisposable>

export interface Sources {
  readonly store: LocalStore
  readonly openRepository: OpenRepository
}

export interface ObtainOptions extends Signalled {
  readonly pull?: PullPolicy | undefined
  /** Never talk to a registry. */
  readonly offline?: boolean | undefined
  readonly architecture?: string | undefined
  readonly onEvent?: TransferListener | undefined
}

export interface Obtained {
  readonly artifact: Artifact
  /** The full name it was found under, or its digest. */
  readonly name: string
  /** What was fetched; absent where the store had it. */
  readonly fetched?: CopyResult
}

/**
 * Finds an artifact in the local store, or fetches it: what `run` and `/start` begin with. One that contradicts itself
 * is refused.
 *
 * @throws {OvmsError} `reference-unknown`, `offline`, `artifact-invalid` and what reading and pulling throw
 */
export async function obtain(sources: Sources, text: string, options: ObtainOptions = {}): Promise<Obtained> {
  const obtained = await find(sources, text, options)
  requireConsistent(obtained.artifact)
  return obtained
}

async function find(sources: Sources, text: string, options: ObtainOptions): Promise<Obtained> {
  const name = fullName(text)
  const reference = isDigest(name) ? undefined : parseReference(name)
  const remote = reference && isRemote(reference) ? reference : undefined
  const { pull: policy = 'missing', offline = false } = options
  const local = policy === 'always' && remote && !offline ? undefined : await findLocal(sources.store, name)
  if (local) return { artifact: await readArtifact(sources.store, local, readOptions(options)), name }
  if (!remote) throw unknownLocally(text, 'Build it with "ovm build", or name a registry to pull it from')
  if (offline)
    throw new OvmsError('offline', `${name} is not in the store, and --offline forbids to fetch it`, {
      actual: name,
    })
  if (policy === 'never') throw unknownLocally(text, `Fetch it with "ovm pull ${text}"`)
  const { artifact, result } = await pull(sources, remote, options)
  return { artifact, name, fetched: result }
}

/**
 * Fetches an artifact into the store, where it keeps the name it has in the registry. Of an index the part for one
 * architecture is taken.
 *
 * @throws {OvmsError} `registry-unreachable`, `registry-refused`, `reference-unknown`, `artifact-unsupported`,
 * `digest-mismatch`, `size-mismatch`, `transfer-interrupted`, `store-full`
 */
export async function pull(
  { store, openRepository }: Sources,
  reference: RemoteReference,
  { signal, onEvent, architecture }: ObtainOptions = {},
): Promise<{ readonly artifact: Artifact; readonly result: CopyResult }> {
  await using repository = await openRepository(reference)
  const resolved = await repository.resolve(reference.digest ?? reference.tag ?? 'latest', { signal })
  const options = readOptions({ signal, architecture })
  const root = isIndexType(resolved.mediaType)
    ? await choosePlatform(repository, resolved, options)
    : resolved
  // Refused before a byte of a disk is fetched: what is no virtual machine, and what cannot be read.
  await readArtifact(repository, root, options)
  await using lease = await store.lease({ signal })
  const result = await copyTree(repository, root, lease, { signal, onEvent })
  const artifact = await readArtifact(store, root, options)
  // Who asked for an index by its digest finds it by that digest again, with the one part that was fetched.
  const named = reference.digest === resolved.digest ? resolved : root
  if (named !== root)
    await lease.put(named, openerOf(await readVerified(repository, named, { signal })), { signal })
  await lease.tag(formatReference(withDefaultTag(reference)), named, { signal })
  return { artifact, result }
}

/** A reference with its tag, or a digest, as names in the store are written. */
export function fullName(text: string): string {
  return isDigest(text) ? text : formatReference(withDefaultTag(parseReference(text)))
}

async function findLocal(store: ContentStore, name: string): Promise<Descriptor | undefined> {
  try {
    return await store.resolve(name)
  } catch (error) {
    if (isOvmsError(error, 'reference-unknown')) return undefined
    throw error
  }
}

function unknownLocally(name: string, hint: string): OvmsError {
  return new OvmsError('reference-unknown', `No artifact is called ${name} here`, { actual: name, hint })
}

function readOptions({ signal, architecture }: ObtainOptions) {
  return { signal, ...(architecture !== undefined && { architecture }) }
}
