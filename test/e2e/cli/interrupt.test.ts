import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { open, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { findCommand } from '../../../scripts/setup/look.js'
import { noise } from '../../support/blobs.ts'
import { newHome, type OvmHome, PROGRAM, RunningOvm } from '../../support/ovm.ts'
import { startRegistry } from '../../support/registries.ts'
import { slowRegistry } from '../../support/slow-registry.ts'

const MIB = 2 ** 20
const DISK_BYTES = 4 * MIB

test('Ctrl-C during a pull leaves no name, says what goes on, and the next pull keeps what had arrived', async () => {
  await using home = await newHome()
  await using other = await newHome()
  await using registry = await startRegistry()
  const name = await pushLarge(home, registry.address)
  await using slow = await slowRegistry(registry.address, MIB)
  const slowName = name.replace(registry.address, slow.address)
  const pull = other.start(['pull', slowName])
  await arrived(other, MIB)
  pull.child.kill('SIGINT')
  const { stderr, status, stdout } = await pull.closed
  assert.equal(status, 130)
  assert.equal(stdout, '')
  assert.match(stderr, /^error: Interrupted \(interrupted\)\nhint: .*goes on where it stopped/m)
  assert.deepEqual(await other.json('ls'), [], 'no name before it is whole')
  slow.bytesPerSecond = 100 * MIB
  const { fetched, present } = await other.json('pull', slowName)
  assert.ok(present >= MIB / 2, `${present} bytes were kept`)
  assert.ok(fetched + present >= DISK_BYTES)
  assert.ok(fetched < DISK_BYTES, `${fetched} bytes were fetched again`)
  assert.equal((await other.json('validate', slowName)).valid, true)
})

test('SIGTERM ends a pull as Ctrl-C does', async () => {
  await using home = await newHome()
  await using other = await newHome()
  await using registry = await startRegistry()
  const name = await pushLarge(home, registry.address)
  await using slow = await slowRegistry(registry.address, MIB)
  const pull = other.start(['pull', name.replace(registry.address, slow.address), '--json'])
  await arrived(other, MIB / 2)
  pull.child.kill('SIGTERM')
  const { stderr, status } = await pull.closed
  assert.equal(status, 130)
  assert.equal(JSON.parse(stderr).error.code, 'interrupted')
})

test('Ctrl-C during a build leaves no name', async () => {
  await using home = await newHome()
  await writeFile(home.path('kernel'), noise(1000))
  await using disk = await open(home.path('disk.raw'), 'w')
  // Holes take no room, but hashing them takes seconds.
  await disk.truncate(4096 * MIB)
  const build = home.start(['build', '-t', 'web:1', '--kernel', 'kernel', '--disk', 'disk.raw'])
  await build.says('kernel', 'stderr')
  build.child.kill('SIGINT')
  assert.equal((await build.closed).status, 130)
  assert.deepEqual(await home.json('ls'), [])
})

test('on a terminal bars show each layer and all of them, with speed and time left', async (t) => {
  const script = findCommand('script')
  if (script === undefined) return t.skip('script(1) of util-linux is not installed')
  await using home = await newHome()
  await using other = await newHome()
  await using registry = await startRegistry()
  const name = await pushLarge(home, registry.address)
  await using slow = await slowRegistry(registry.address, 4 * MIB)
  const slowName = name.replace(registry.address, slow.address)
  const seen = await onTerminal(other, script, `${PROGRAM} pull ${slowName}`)
  assert.match(seen, /disk\.raw +\[━+ +\] +[\d.]+ MiB \/ 4\.00 MiB/)
  assert.match(seen, /total +\[━+ +\] +[\d.]+ MiB \/ 4\.0\d MiB {2}[\d.]+ MiB\/s {2}ETA /)
  assert.match(seen, /disk\.raw +\[━{24}\] +4\.00 MiB \/ 4\.00 MiB {2}done/)
  assert.match(seen, /total .* in [\d.]+ s/)
  const again = await onTerminal(other, script, `${PROGRAM} pull ${slowName}`)
  assert.match(again, /disk\.raw .*already there/)
})

test('NO_COLOR takes colours away also on a terminal', async (t) => {
  const script = findCommand('script')
  if (script === undefined) return t.skip('script(1) of util-linux is not installed')
  await using home = await newHome()
  const plain = await onTerminal(home, script, `${PROGRAM} inspect nobody:1`)
  const coloured = await onTerminal(home, script, `${PROGRAM} inspect nobody:1`, { NO_COLOR: '' })
  assert.ok(!plain.includes('\u001b['))
  assert.ok(coloured.includes('\u001b[31merror:'))
})

/** Pushes an artifact that takes a while on a slow line. */
async function pushLarge(home: OvmHome, address: string): Promise<string> {
  const name = `${address}/team/large:1`
  await writeFile(home.path('kernel'), noise(1000))
  await writeFile(home.path('disk.raw'), noise(DISK_BYTES, 2))
  await home.json('build', '-t', name, '--kernel', 'kernel', '--disk', 'disk.raw')
  await home.json('push', name)
  return name
}

/** Waits until so many bytes of unfinished downloads lie in the store. */
async function arrived({ home }: OvmHome, bytes: number): Promise<void> {
  const folder = join(home, 'ingest')
  for (;;) {
    const parts = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.part'))
    const sizes = await Promise.all(parts.map(async (name) => (await stat(join(folder, name))).size))
    if (Math.max(0, ...sizes) >= bytes) return
    await setTimeout(10)
  }
}

/** What a terminal of 100 columns gets to see, every frame of it. */
async function onTerminal(
  home: OvmHome,
  script: string,
  command: string,
  env: Record<string, string> = {},
): Promise<string> {
  const words = ['-qec', `stty cols 100; ${command}`, '/dev/null']
  const options = { cwd: home.folder, env: { ...home.environment, TERM: 'xterm', ...env } }
  const { stdout } = await new RunningOvm(spawn(script, words, options)).closed
  return stdout
}
