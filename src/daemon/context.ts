import type { Signalled } from '../base/signal.ts'
import type { Instances } from '../machine/instances.ts'
import type { Obtained } from '../packaging/obtain.ts'

/**
 * Finds an artifact: in the local store, in a registry, or at an absolute path. A lease keeps what has no name, until
 * the machine holds it.
 */
export type Obtain = (
  reference: string,
  options: ObtainOptions,
) => Promise<Obtained & { readonly timings?: ObtainTimings; readonly lease?: AsyncDisposable }>

export interface ObtainOptions extends Signalled {
  readonly pull?: 'always' | 'missing' | 'never' | undefined
  readonly offline?: boolean | undefined
  readonly architecture?: string | undefined
}

export interface ObtainTimings {
  /** Until it was known what the reference stands for, milliseconds. */
  readonly resolveMs?: number
  readonly fetchMs?: number
}

/** What the handlers share. */
export interface DaemonContext {
  readonly home: string
  readonly version: string
  readonly instances: Instances
  readonly obtain: Obtain
  /** Aborts when the daemon ends. */
  readonly closing: AbortSignal
  readonly log: (message: string) => void
}
