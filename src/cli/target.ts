import { resolve } from 'node:path'
import { OvmsError } from '../base/error.ts'
import type { ContentSink } from '../content/ports.ts'
import type { TransferListener } from '../content/transfer-event.ts'
import type { Descriptor } from '../model/descriptor.ts'
import { isDigest } from '../model/digest.ts'
import { isRemote, parseReference, type RemoteReference } from '../model/reference.ts'
import type { FolderSource } from '../packaging/folder-source.ts'
import { importFolder, openFolder } from '../packaging/import-folder.ts'
import { fullName } from '../packaging/obtain.ts'
import type { CliStore, Context } from './context.ts'

/**
 * What a person means by a name: a full name as they wrote it, or by the beginning of a digest as `ovm ls` shows it.
 *
 * @throws {OvmsError} `reference-invalid`, `reference-unknown` when several digests begin like that
 */
export async function localName(store: CliStore, text: string): Promise<string> {
  const entries = await store.list()
  if (isDigest(text)) return text
  const name = fullName(text)
  if (entries.some((entry) => entry.name === name)) return name
  const prefix = text.replace(/^sha256:/, '')
  if (!/^[0-9a-f]{7,}$/.test(prefix)) return name
  const digests = new Set(
    entries.map(({ root }) => root.digest).filter((digest) => digest.startsWith(`sha256:${prefix}`)),
  )
  if (digests.size > 1)
    throw new OvmsError('reference-unknown', `Several artifacts begin with ${text}`, { actual: text })
  return [...digests][0] ?? name
}

/**
 * A reference that a registry can be asked for.
 *
 * @throws {OvmsError} `registry-required`
 */
export function requireRegistry(text: string, advice: string): RemoteReference {
  const reference = parseReference(text)
  if (isRemote(reference)) return reference
  throw new OvmsError('registry-required', `${JSON.stringify(text)} names no registry`, {
    actual: text,
    hint: advice,
  })
}

/**
 * Brings what lies at a path into the store: an unpacked artifact, or an OCI image layout. It gets no name.
 *
 * @throws {OvmsError} `archive-invalid` and what reading it throws
 */
export async function importPath(
  { signal, openLayout }: Context,
  path: string,
  sink: ContentSink,
  onEvent?: TransferListener,
): Promise<Descriptor> {
  return importFolder(resolve(path), sink, { signal, openLayout, onEvent })
}

/** Opens what lies at a path, to be looked at where it is. */
export async function openPath({ signal, openLayout }: Context, path: string): Promise<FolderSource> {
  return openFolder(resolve(path), { signal, openLayout })
}
