import { existsSync } from 'node:fs'
import { OvmsError } from '../base/error.ts'
import type { Signalled } from '../base/signal.ts'
import { copyTree } from '../content/copy.ts'
import type { ContentSink, ContentSource } from '../content/ports.ts'
import type { TransferListener } from '../content/transfer-event.ts'
import type { Descriptor } from '../model/descriptor.ts'
import { readArtifact } from './artifact.ts'
import { importUnpacked } from './unpacked.ts'

/** A layout that lies somewhere else, as far as importing needs it. */
export interface ImportableLayout extends ContentSource, AsyncDisposable {
  list(): Promise<readonly { readonly name?: string; readonly root: Descriptor }[]>
}

export interface ImportOptions extends Signalled {
  readonly openLayout: (path: string) => Promise<ImportableLayout>
  readonly onEvent?: TransferListener | undefined
}

/**
 * Brings what lies in a folder into a store: an unpacked artifact, or the one artifact of an OCI image layout. It gets
 * no name.
 *
 * @throws {OvmsError} `archive-invalid` and what reading it throws
 */
export async function importFolder(
  folder: string,
  sink: ContentSink,
  options: ImportOptions,
): Promise<Descriptor> {
  const { signal, onEvent, openLayout } = options
  if (existsSync(`${folder}/manifest.json`)) return importUnpacked(folder, sink, { signal, onEvent })
  await using layout = await openLayout(folder)
  const { root } = onlyEntry(await layout.list(), folder)
  const { root: chosen } = await readArtifact(layout, root, { signal })
  await copyTree(layout, chosen, sink, { signal, onEvent })
  return chosen
}

function onlyEntry<Entry extends { readonly root: Descriptor; readonly name?: string }>(
  entries: readonly Entry[],
  path: string,
): Entry {
  const [first] = entries
  const digests = new Set(entries.map(({ root }) => root.digest))
  if (first && digests.size === 1) return first
  throw new OvmsError(
    'archive-invalid',
    `${path} has ${digests.size} artifacts, so it must be said which one`,
    {
      actual: entries.map(({ name }) => name),
      hint: 'Load it with "ovm load", then use a name',
    },
  )
}
