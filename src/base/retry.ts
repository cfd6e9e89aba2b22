import { type Signalled, sleep } from './signal.ts'

/** Waits between attempts, ms: short enough for a hiccup, long enough for a restart behind a balancer. */
const WAITS_MS = [200, 1000, 3000]

/**
 * Repeats work that failed in a way that may pass: up to four attempts.
 *
 * @param isPassing tells whether an error is of that kind
 */
export async function retry<T>(
  work: (attempt: number) => Promise<T>,
  isPassing: (error: unknown) => boolean,
  { signal }: Signalled = {},
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work(attempt)
    } catch (error) {
      const wait = WAITS_MS[attempt]
      if (wait === undefined || signal?.aborted || !isPassing(error)) throw error
      await sleep(wait, { signal })
    }
  }
}
