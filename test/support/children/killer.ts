/** A listener that ends this very process, as `kill -9` would, at the event of a number; events are counted from 0. */
export function killer(killAt: string | undefined): () => void {
  let left = killAt === undefined ? Number.POSITIVE_INFINITY : Number(killAt)
  return () => {
    if (left-- <= 0) process.kill(process.pid, 'SIGKILL')
  }
}
