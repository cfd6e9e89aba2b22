import { existsSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { OvmsError } from '../base/error.ts'
import type { Signalled } from '../base/signal.ts'
import { copyTree } from '../content/copy.ts'
import type { ContentSink, ContentSource } from '../content/ports.ts'
import type { TransferListener } from '../content/transfer-event.ts'
import type { Descriptor } from '../model/descriptor.ts'
import type { Digest } from '../model/digest.ts'
import { readArtifact } from './artifact.ts'
import type { FolderSource } from './folder-source.ts'
import { openUnpacked } from './unpacked.ts'

/** A layout that lies somewhere else, as far as reading it needs. */
export interface ImportableLayout extends ContentSource, AsyncDisposable {
  list(): Promise<readonly { readonly name?: string; readonly root: Descriptor }[]>
  pathOf(digest: Digest): string
}

export interface OpenFolderOptions extends Signalled {
  readonly openLayout: (path: string) => Promise<ImportableLayout>
}

/**
 * Opens what lies in a folder: an unpacked artifact, of which the path of its manifest is a name too, or the one
 * artifact of an OCI image layout.
 *
 * @throws {OvmsError} `archive-invalid` and what reading it throws
 */
export async function openFolder(path: string, options: OpenFolderOptions): Promise<FolderSource> {
  const folder = basename(path) === 'manifest.json' ? dirname(path) : path
  if (existsSync(`${folder}/manifest.json`)) return openUnpacked(folder, options)
  const layout = await options.openLayout(folder)
  const { root } = await readArtifact(layout, onlyRoot(await layout.list(), folder), options)
  return {
    root,
    resolve: async () => root,
    open: (blob, how) => layout.open(blob, how),
    pathOf: (digest) => layout.pathOf(digest),
    [Symbol.asyncDispose]: () => layout[Symbol.asyncDispose](),
  }
}

/** Brings what {@link openFolder} finds into a store. It gets no name. */
export async function importFolder(
  folder: string,
  sink: ContentSink,
  options: OpenFolderOptions & { readonly onEvent?: TransferListener | undefined },
): Promise<Descriptor> {
  await using source = await openFolder(folder, options)
  await copyTree(source, source.root, sink, options)
  return source.root
}

function onlyRoot(
  entries: readonly { readonly root: Descriptor; readonly name?: string }[],
  path: string,
): Descriptor {
  const [first] = entries
  const digests = new Set(entries.map(({ root }) => root.digest))
  if (first && digests.size === 1) return first.root
  throw new OvmsError(
    'archive-invalid',
    `${path} has ${digests.size} artifacts, so it must be said which one`,
    {
      actual: entries.map(({ name }) => name),
      hint: 'Load it with "ovm load", then use a name',
    },
  )
}
