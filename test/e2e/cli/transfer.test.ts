import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { newHome, serveRegistry } from '../../support/ovm.ts'
import { startRegistry } from '../../support/registries.ts'
import { AT_ONCE, buildSample } from './artifacts.ts'

describe('ovm push and pull', { concurrency: AT_ONCE }, () => {
  test('an artifact goes through a registry into an empty store, and every byte is counted once', async () => {
    await using home = await newHome()
    await using other = await newHome()
    await using registry = await serveRegistry(home)
    const name = `${registry.address}/team/web:1`
    const digest = await buildSample(home, name)
    const pushed = await home.json('push', name)
    const again = await home.json('push', name)
    const pulled = await other.json('pull', name)
    assert.equal(pushed.digest, digest)
    assert.equal(pushed.present, 0)
    assert.deepEqual([again.sent, again.present], [0, pushed.sent])
    assert.deepEqual([pulled.digest, pulled.fetched, pulled.present], [digest, pushed.sent, 0])
  })

  test('pulling what is here fetches nothing', async () => {
    await using home = await newHome()
    await using registry = await startRegistry()
    const name = `${registry.address}/team/web:1`
    await buildSample(home, name)
    await home.json('push', name)
    registry.requests.length = 0
    const { fetched, present } = await home.json('pull', name)
    assert.equal(fetched, 0)
    assert.ok(present > 1_000_000)
    assert.deepEqual(registry.requests.filter(isBlobFetch).length, 1, 'the OVMS manifest alone')
  })

  test('a second name of a registry is given by push, and its blobs are not sent again', async () => {
    await using home = await newHome()
    await using registry = await startRegistry()
    await buildSample(home, 'web:1')
    const first = await home.json('push', 'web:1', `${registry.address}/team/web:1`)
    const second = await home.json('push', 'web:1', `${registry.address}/team/web:stable`)
    assert.equal(first.digest, second.digest)
    assert.equal(second.name, `${registry.address}/team/web:stable`)
    assert.equal(second.sent, 0)
    assert.deepEqual(
      (await home.json('ls')).map(({ name }: { name: string }) => name),
      ['web:1'],
    )
  })

  test('push without a registry names the fix', async () => {
    await using home = await newHome()
    await buildSample(home, 'web:1')
    const { hint } = await home.refuses('registry-required', ['push', 'web:1'])
    assert.match(hint ?? '', /ovm push web:1 registry\.example\.com\/web:1.*ovm tag/)
  })

  test('inspect asks a registry for manifests only', async () => {
    await using home = await newHome()
    await using empty = await newHome()
    await using registry = await startRegistry()
    const name = `${registry.address}/team/web:1`
    const digest = await buildSample(home, name)
    await home.json('push', name)
    registry.requests.length = 0
    const remote = await empty.json('inspect', name)
    assert.equal(remote.where, 'registry')
    assert.equal(remote.digest, digest)
    const fetched = registry.requests.filter(isBlobFetch)
    assert.deepEqual(
      fetched.map((line) => line.split('/').at(-1)),
      [`${remote.manifest_blob.digest} 200`],
      'no blob but the OVMS manifest',
    )
    const local = await home.json('inspect', name)
    assert.deepEqual({ ...local, where: 'registry' }, remote)
    assert.equal((await home.json('inspect', '--remote', name)).where, 'registry')
    assert.deepEqual(await empty.json('ls'), [], 'to look is not to keep')
  })

  test('plain lines tell of each blob when nobody looks at a terminal', async () => {
    await using home = await newHome()
    await using registry = await startRegistry()
    const name = `${registry.address}/team/web:1`
    await buildSample(home, name)
    const { stdout, stderr } = await home.run(['push', name])
    assert.match(stdout, /^\S+\/team\/web:1 {2}sha256:[0-9a-f]{64}\n$/)
    for (const title of ['kernel', 'initrd', 'disk.raw', 'manifest.json', 'manifest'])
      assert.match(stderr, new RegExp(`^${title.replace('.', '\\.')}: .* done$`, 'm'))
    assert.match(stderr, /^Sent 1\.\d+ MiB in .*, 0 B were there already$/m)
    assert.ok(!stderr.includes('\u001b'))
    const again = await home.run(['push', name])
    assert.match(again.stderr, /^kernel: .* already there$/m)
  })

  test('-q of push and pull prints the digest alone', async () => {
    await using home = await newHome()
    await using registry = await startRegistry()
    const name = `${registry.address}/team/web:1`
    const digest = await buildSample(home, name)
    for (const command of ['push', 'pull']) {
      const { stdout, stderr } = await home.run([command, name, '-q'])
      assert.deepEqual([stdout, stderr], [`${digest}\n`, ''])
    }
  })

  test('a part of what is there is told: the layer that a newer version adds', async () => {
    await using home = await newHome()
    await using other = await newHome()
    await using registry = await startRegistry()
    const name = `${registry.address}/team/web`
    await buildSample(home, `${name}:1`)
    const first = await home.json('push', `${name}:1`)
    await other.json('pull', `${name}:1`)
    await home.json('build', '-t', `${name}:2`, '--from', `${name}:1`, '--disk', 'top.qcow2')
    const { sent } = await home.json('push', `${name}:2`)
    const { fetched, present } = await other.json('pull', `${name}:2`)
    assert.ok(sent < first.sent / 2, `${sent} of ${first.sent}`)
    assert.equal(fetched, sent)
    assert.ok(present > first.sent / 2)
  })

  for (const { what, code, words } of [
    { what: 'a name without a registry', code: 'registry-required', words: ['pull', 'web:1'] },
    {
      what: 'a registry that is not there',
      code: 'registry-unreachable',
      words: ['pull', '127.0.0.1:1/a:1'],
    },
    { what: 'a name with bad characters', code: 'reference-invalid', words: ['pull', 'localhost:5000/A b'] },
    { what: '--offline', code: 'offline', words: ['pull', '127.0.0.1:1/a:1', '--offline'] },
    { what: 'what is not here', code: 'reference-unknown', words: ['push', 'a:1', '127.0.0.1:1/a:1'] },
    {
      what: 'a digest as the name to push',
      code: 'usage',
      words: ['push', 'a:1', `127.0.0.1:1/a@sha256:${'0'.repeat(64)}`],
    },
  ] as const) {
    test(`transfers are refused: ${what}`, async () => {
      await using home = await newHome()
      await home.refuses(code, words)
    })
  }

  test('a tag the registry does not have is unknown, as is a repository', async () => {
    await using home = await newHome()
    await using registry = await startRegistry()
    await home.refuses('reference-unknown', ['pull', `${registry.address}/team/web:1`])
    const name = `${registry.address}/team/web:1`
    await buildSample(home, name)
    await home.json('push', name)
    await home.refuses('reference-unknown', ['pull', `${registry.address}/team/web:2`])
  })
})

function isBlobFetch(line: string): boolean {
  return /^GET .*\/blobs\//.test(line)
}
