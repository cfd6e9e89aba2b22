import type { Signalled } from '../base/signal.ts'
import type { Digest } from '../model/digest.ts'

/** What machines need of a store: files to open in place, and that they stay. */
export interface ImageStore {
  /** Where the verified bytes of a blob lie; never written to. */
  pathOf(digest: Digest): string
  /**
   * Keeps blobs until {@link release}, whatever names go.
   *
   * @throws {OvmsError} `blob-unknown` when one is not there
   */
  hold(holder: string, digests: readonly Digest[], options?: Signalled): Promise<void>
  release(holder: string): Promise<void>
}
