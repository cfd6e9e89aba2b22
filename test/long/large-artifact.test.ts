import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { measure } from '../../bench/measured-process.ts'
import { makeRandomArtifact } from '../../bench/random-artifact.ts'
import { PROGRAM, serveRegistry } from '../../scripts/demo/ovm.ts'
import { temporaryFolder } from '../support/folders.ts'

/** Largest resident memory of a command, bytes: Node with our code takes about 100 MiB, buffers the rest. */
const MOST_BYTES = 300 * 2 ** 20

test('memory stays flat however large an artifact is: 4 GiB are pushed and pulled within 300 MiB', async () => {
  await using folder = await temporaryFolder()
  const home = join(folder.path, 'home')
  await makeRandomArtifact(folder.path, home, { name: 'large:1', count: 4, size: 2 ** 30 })
  await using registry = await serveRegistry(join(folder.path, 'registry'))
  const reference = `${registry.address}/large:1`
  const push = await measure(PROGRAM, ['push', 'large:1', reference, '-q'], { env: { OVM_HOME: home } })
  const pull = await measure(PROGRAM, ['pull', reference, '-q'], {
    env: { OVM_HOME: join(folder.path, 'second') },
  })
  assert.ok(push.peakBytes > 0 && push.peakBytes < MOST_BYTES, `push took ${push.peakBytes} bytes`)
  assert.ok(pull.peakBytes > 0 && pull.peakBytes < MOST_BYTES, `pull took ${pull.peakBytes} bytes`)
})
