import { readFile } from 'node:fs/promises'
import { lockFile } from '../base/file-lock.ts'
import { replaceFile, storeError } from '../base/files.ts'
import type { Signalled } from '../base/signal.ts'
import type { Descriptor } from '../model/descriptor.ts'
import { jsonBytes } from '../model/json-document.ts'
import { ANNOTATIONS, MEDIA_TYPES } from '../model/media-types.ts'
import { parseOciIndex } from '../model/oci-index.ts'
import type { LayoutPaths } from './paths.ts'

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

export async function writeIndex(paths: LayoutPaths, manifests: Entries): Promise<void> {
  await replaceFile(paths.index, jsonBytes({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests }))
}

/** The entries with `name` standing for `target`, and for nothing else. */
export function withName(entries: Entries, name: string, target: Descriptor): Entries {
  const { annotations, ...bare } = target
  const others = entries.filter((entry) => nameOf(entry) !== name && !isNameless(entry, target))
  return [...others, { ...bare, annotations: { ...annotations, [ANNOTATIONS.referenceName]: name } }]
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
