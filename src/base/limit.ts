import type { Signalled } from './signal.ts'

/** Lets at most `size` holders in at once, first come first served. */
export class Limit {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(size: number) {
    this.#free = size
  }

  /** Waits for a slot; dispose it to give it back. */
  async enter({ signal }: Signalled = {}): Promise<Disposable> {
    signal?.throwIfAborted()
    if (this.#free > 0) this.#free--
    else await this.#wait(signal)
    return { [Symbol.dispose]: () => this.#leave() }
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const admit = () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(admit), 1)
        reject(signal?.reason)
      }
      this.#waiting.push(admit)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  #leave(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#free++
  }
}

/** Runs `work` over all items, `limit` at a time. The first failure aborts the others and is thrown. */
export async function forEachLimited<T>(
  items: readonly T[],
  limit: number,
  work: (item: T, options: { readonly signal: AbortSignal }) => Promise<void>,
  { signal }: Signalled = {},
): Promise<void> {
  const failure = new AbortController()
  const both = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal
  const slots = new Limit(limit)
  const results = await Promise.allSettled(
    items.map(async (item) => {
      using _slot = await slots.enter({ signal: both })
      await work(item, { signal: both }).catch((error: unknown) => {
        failure.abort(error)
        throw error
      })
    }),
  )
  if (failure.signal.aborted) throw failure.signal.reason
  for (const result of results) if (result.status === 'rejected') throw result.reason
}
