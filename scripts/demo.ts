import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bootAndWatch } from './demo/boot.ts'
import { checks } from './demo/checks.ts'
import { endDaemon, ovm, serveRegistry } from './demo/ovm.ts'
import { type DemoFacts, printSummary } from './demo/summary.ts'
import { projectFolder } from './folders.ts'
import { buildTinyGuest } from './guest/tiny.ts'

/**
 * The main job, end to end, with nothing pretended: build an artifact, push it to a registry over HTTP, fetch and
 * verify it into an empty second store, and boot it from there. `--keep` leaves everything to be looked at.
 */
const keep = process.argv.includes('--keep')
const folder = await mkdtemp(join(tmpdir(), 'ovms-demo-'))
const first = join(folder, 'first')
const second = join(folder, 'second')

try {
  const isGood = await demo()
  process.exitCode = isGood ? 0 : 1
} finally {
  await ovm(second, ['rm', '-f', 'demo'], { mayFail: true })
  await endDaemon(second)
  if (keep) console.log(`\nKept in ${folder}. Try: OVM_HOME=${second} bin/ovm ls`)
  else await rm(folder, { recursive: true, force: true })
}

async function demo(): Promise<boolean> {
  console.log('Making a Linux kernel, an initrd and two disk layers …')
  await buildTinyGuest()
  await using registry = await serveRegistry(join(folder, 'registry'))
  const name = `${registry.address}/demo/tiny:1`
  console.log('Building, pushing, fetching into an empty store, booting …\n')
  const built = await ovm(first, ['build', '-f', join(projectFolder, 'examples/tiny/ovm.yaml'), '-t', name])
  const pushed = await ovm(first, ['push', name])
  const pulled = await ovm(second, ['pull', name])
  const inspected = await ovm(second, ['inspect', name])
  const boot = await bootAndWatch(second, name, 'demo')
  const facts: DemoFacts = { name, built, pushed, pulled, inspected, boot }
  const results = checks(facts)
  printSummary(facts, results)
  return results.every(({ holds }) => holds)
}
