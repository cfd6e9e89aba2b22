/** Measurements, never tests: each stands beside a peer in the same run and is told as a ratio. */
const BENCHES: Record<string, () => Promise<{ run(): Promise<void> }>> = {
  boot: () => import('./boot.ts'),
  startup: () => import('./startup.ts'),
  transfer: () => import('./transfer.ts'),
}

const [word = ''] = process.argv.slice(2)
const load = BENCHES[word]
if (load) {
  // The package as users get it, not the sources.
  await import('../scripts/build.ts')
  await (await load()).run()
} else {
  console.error(`bench: name one of ${Object.keys(BENCHES).join(', ')}`)
  process.exitCode = 2
}
