import type { Signalled } from '../base/signal.ts'
import type { Bytes, Opener } from '../base/streams.ts'
import type { Descriptor } from '../model/descriptor.ts'
import type { Digest } from '../model/digest.ts'

/** Finds what a name stands for. In a registry repository a name is a tag or digest, in a layout a whole reference. */
export interface Resolver {
  /** @throws {OvmsError} `reference-unknown` */
  resolve(name: string, options?: Signalled): Promise<Descriptor>
}

export interface OpenOptions extends Signalled {
  /** Offset of the first byte wanted. */
  readonly from?: number
}

/** Gives the bytes of blobs and manifests. Whoever uses them verifies them: the source may be anyone's. */
export interface BlobSource {
  /** @throws {OvmsError} `blob-unknown` */
  open(blob: Descriptor, options?: OpenOptions): Promise<Bytes>
}

export interface PutOptions extends Signalled {
  /** Told of every piece: bytes that were moved, and bytes that a broken earlier attempt had left. */
  readonly onBytes?: (bytes: number, how: 'moved' | 'kept') => void
}

/** Takes blobs and manifests. A blob is there whole or not at all. */
export interface BlobSink {
  has(blob: Descriptor, options?: Signalled): Promise<boolean>
  /**
   * Takes bytes that must match the descriptor; may open them several times, from any offset.
   *
   * @throws {OvmsError} `digest-mismatch`, `size-mismatch`; nothing is visible then
   */
  put(blob: Descriptor, open: Opener, options?: PutOptions): Promise<void>
}

export interface Tagger {
  /** Makes `name` stand for `target`, whose content must be there. */
  tag(name: string, target: Descriptor, options?: Signalled): Promise<void>
}

export type ContentSource = Resolver & BlobSource
export type ContentSink = BlobSink & Tagger
export type ContentStore = ContentSource & ContentSink

/** An ability: tells the size of a blob of which only the digest is known; ask with `'stat' in source`. */
export interface BlobStat {
  /** @throws {OvmsError} `blob-unknown` */
  stat(digest: Digest, options?: Signalled): Promise<{ readonly size: number }>
}

/** An ability: a sink that keeps all it touches from garbage collection until it is disposed of. */
export interface Leasing {
  lease(options?: Signalled): Promise<ContentSink & AsyncDisposable>
}

/** An ability: takes bytes whose digest is known only when all have passed. */
export interface Adding {
  add(bytes: Bytes, options?: PutOptions): Promise<{ readonly digest: Digest; readonly size: number }>
}

/** Bytes that arrive piece by piece under no name, until their sender says which digest they should have. */
export interface Upload {
  readonly id: string
  /** Bytes received so far. */
  readonly size: number
  /**
   * A source that ends early leaves what has arrived, and `size` tells how much; a store that fails ends the upload.
   *
   * @throws {OvmsError} `store-full`, `store-failed`; `in-use` while another append goes on
   */
  append(bytes: Bytes, options?: Signalled): Promise<void>
  /** @throws {OvmsError} `digest-mismatch`; the upload is gone then, as after a success */
  commit(digest: Digest): Promise<void>
  abort(): Promise<void>
}

/** An ability: takes blobs in pieces, as a registry must. */
export interface Uploading {
  beginUpload(): Promise<Upload>
}
