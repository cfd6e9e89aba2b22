import { readFile } from 'node:fs/promises'
import { OvmsError } from '../base/error.ts'
import { lockFile } from '../base/file-lock.ts'
import { replaceFile, storeError } from '../base/files.ts'
import type { Signalled } from '../base/signal.ts'
import type { Descriptor } from '../model/descriptor.ts'
import { type Digest, isDigest } from '../model/digest.ts'
import { jsonBytes, MAX_MANIFEST_BYTES } from '../model/json-document.ts'
import { ANNOTATIONS, MEDIA_TYPES } from '../model/media-types.ts'
import { parseOciIndex } from '../model/oci-index.ts'
import type { LayoutPaths } from './paths.ts'

/** Names a layout may have: an index is read with this limit, so it is written with it. */
const MAX_INDEX_ENTRIES = 10_000

/** The names of a layout: each entry of `index.json` may carry one in its annotation `…ref.name`. */
export type Entries = readonly Descriptor[]

export function nameOf(entry: Descriptor): string | undefined {
  return entry.annotations?.[ANNOTATIONS.referenceName]
}

export async function readIndex(paths: LayoutPaths): Promise<Entries> {
  let bytes: Buffer
  try {
    bytes = await readFile(paths.index)
  } catch (cause) {
    throw storeError(cause, paths.index)
  }
  return parseOciIndex(bytes).value.manifests
}

/** Reads, changes and replaces the index while no other process does. */
export async function changeIndex(
  paths: LayoutPaths,
  change: (entries: Entries) => Entries,
  options: Signalled = {},
): Promise<void> {
  await using _lock = await lockFile(paths.indexLock, options)
  const before = await readIndex(paths)
  const after = change(before)
  if (after !== before) await writeIndex(paths, after)
}

/** @throws {OvmsError} `store-full` rather than to write what could not be read again */
export async function writeIndex(paths: LayoutPaths, manifests: Entries): Promise<void> {
  const bytes = jsonBytes({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests })
  if (bytes.length > MAX_MANIFEST_BYTES || manifests.length > MAX_INDEX_ENTRIES) {
    throw new OvmsError('store-full', `${paths.index} has no room for ${manifests.length} names`, {
      actual: manifests.length,
      hint: 'Take names away with "ovm rmi"',
    })
  }
  await replaceFile(paths.index, bytes)
}

/**
 * The entries with `name` standing for `target`, and for nothing else. Of a stranger's entry only what is needed is
 * taken over.
 *
 * @throws {OvmsError} `digest-mismatch` when the name holds another digest: it would be believed
 */
export function withName(entries: Entries, name: string, target: Descriptor): Entries {
  const wanted = digestIn(name)
  if (wanted !== undefined && wanted !== target.digest) {
    throw new OvmsError('digest-mismatch', `${name} cannot be the name of ${target.digest}`, {
      actual: target.digest,
    })
  }
  const others = entries.filter((entry) => nameOf(entry) !== name && !isNameless(entry, target))
  return [...others, { ...entryOf(target), annotations: { [ANNOTATIONS.referenceName]: name } }]
}

/** The digest a name consists of or ends in. */
export function digestIn(name: string): Digest | undefined {
  const text = name.slice(name.indexOf('@') + 1)
  return isDigest(text) ? text : undefined
}

/** A target as it is written into an index: without annotations, inline data and addresses. */
export function entryOf({ mediaType, digest, size, artifactType, platform }: Descriptor): Descriptor {
  return { mediaType, digest, size, ...(artifactType && { artifactType }), ...(platform && { platform }) }
}

/** The entries without `name`; what it stood for stays, nameless, when no other name holds it. */
export function withoutName(entries: Entries, name: string): Entries {
  const gone = entries.find((entry) => nameOf(entry) === name)
  if (!gone) return entries
  const rest = entries.filter((entry) => entry !== gone)
  if (rest.some(({ digest }) => digest === gone.digest)) return rest
  return [...rest, withoutNameAnnotation(gone)]
}

function isNameless(entry: Descriptor, target: Descriptor): boolean {
  return entry.digest === target.digest && nameOf(entry) === undefined
}

/** What an entry stands for, without the name it has here. */
export function withoutNameAnnotation({ annotations, ...entry }: Descriptor): Descriptor {
  const { [ANNOTATIONS.referenceName]: _name, ...rest } = annotations ?? {}
  return Object.keys(rest).length > 0 ? { ...entry, annotations: rest } : entry
}
