import { OvmsError } from './error.ts'

/** Last parameter of everything that waits. */
export interface Signalled {
  readonly signal?: AbortSignal | undefined
}

/** Waits; ends early, with the signal's own reason, when aborted. */
export function sleep(ms: number, { signal }: Signalled = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const onAbort = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** Waits for `promise`, or for the signal, whichever is first. The work behind `promise` goes on. */
export function untilAborted<T>(promise: Promise<T>, { signal }: Signalled): Promise<T> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** The reason an interrupted command aborts with. */
export function interruption(hint?: string): OvmsError {
  return new OvmsError('interrupted', 'Interrupted', hint === undefined ? {} : { hint })
}
