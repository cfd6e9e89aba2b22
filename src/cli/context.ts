import type { DaemonClient } from '../api/client.ts'
import type { Signalled } from '../base/signal.ts'
import type { Adding, BlobStat, ContentSink, ContentSource, ContentStore } from '../content/ports.ts'
import type { Descriptor } from '../model/descriptor.ts'
import type { Digest } from '../model/digest.ts'
import type { RemoteReference } from '../model/reference.ts'
import type { ImportableLayout } from '../packaging/import-folder.ts'
import type { LocalStore } from '../packaging/obtain.ts'
import type { Output } from './print/output.ts'

/** A name of the local store, and what it stands for; without a name it is only reachable by digest. */
export interface StoreEntry {
  readonly name?: string
  readonly root: Descriptor
}

export interface Reclaimed {
  readonly blobs: readonly { readonly digest: Digest; readonly size: number }[]
  readonly bytes: number
}

/** PORT: the local store as commands need it. */
export interface CliStore extends LocalStore {
  lease(options?: Signalled): Promise<ContentSink & Adding & AsyncDisposable>
  list(): Promise<readonly StoreEntry[]>
  /** Takes a name away; what it stood for stays. @throws {OvmsError} `reference-unknown` */
  untag(name: string, options?: Signalled): Promise<void>
  /** Takes an entry out of the list, by name or digest. @throws {OvmsError} `reference-unknown` */
  remove(nameOrDigest: string, options?: Signalled): Promise<void>
  /** Lists an artifact that has no name, so that garbage collection leaves it until it is asked to take such. */
  keep(root: Descriptor, options?: Signalled): Promise<void>
  collect(options: Signalled & { readonly dryRun?: boolean; readonly nameless?: boolean }): Promise<Reclaimed>
  pathOf(digest: Digest): string
}

export type RemoteRepository = ContentStore & BlobStat & AsyncDisposable

/** PORT: an archive that is being written; what is put there is in the file when it is finished. */
export interface ArchiveWriter extends ContentSink, AsyncDisposable {
  /** @returns bytes of the archive */
  finish(): Promise<number>
}

/** PORT: a layout or archive that was found somewhere else. */
export interface ForeignLayout extends ContentSource, AsyncDisposable {
  list(): Promise<readonly StoreEntry[]>
}

export interface HostCheck {
  readonly name: string
  readonly status: 'ok' | 'warning' | 'failed'
  readonly found: string
  readonly hint?: string
  /** Of the daemon, while it runs. */
  readonly pid?: number
}

/** All that commands use of the outside; `main.ts` makes it, tests may make another. */
export interface Context {
  readonly home: string
  readonly socketPath: string
  readonly output: Output
  readonly signal: AbortSignal
  /** Who wants to be told of Ctrl-C instead of being aborted; the last one added is told. */
  readonly interrupts: Set<() => void>
  readonly environment: Readonly<Record<string, string | undefined>>
  openStore(): Promise<CliStore>
  openRepository(reference: RemoteReference): Promise<RemoteRepository>
  openLayout(path: string): Promise<ImportableLayout>
  createArchive(path: string): Promise<ArchiveWriter>
  openArchive(path: string): Promise<ForeignLayout>
  /** The daemon's client; starts the daemon when none runs. */
  daemon(): Promise<DaemonClient>
  /** Runs the daemon in this process until the signal. */
  serveDaemon(options: { readonly socketPath: string; readonly onDemand: boolean }): Promise<void>
  /** Runs the embedded registry in this process until the signal. */
  serveRegistry(options: {
    readonly host: string
    readonly port: number
    readonly root: string
  }): Promise<void>
  checkHost(): Promise<readonly HostCheck[]>
}
