import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { unpack } from '../../support/layouts.ts'
import { newHome } from '../../support/ovm.ts'
import { startRegistry } from '../../support/registries.ts'
import { MARKER, STAY, TINY, tinyHome } from './tiny.ts'

const source = await tinyHome()
after(() => source[Symbol.asyncDispose]())
const home = await newHome()
after(() => home[Symbol.asyncDispose]())

test('an unpacked artifact runs from its folder, and no name is made for it', async () => {
  await unpack(source, TINY, home.path('unpacked'))
  const { stdout, stderr, status } = await home.run(['run', './unpacked', '--rm'])
  assert.equal(status, 0, stderr)
  assert.ok(stdout.includes(MARKER))
  const names = (await home.json('ls')).map(({ name }: { name: string | null }) => name)
  assert.deepEqual(names.filter(Boolean), [])
})

test('an OCI layout at a path runs, and rm -f ends a machine at once', async () => {
  const id = await home.ok('run', source.home, '-d', '--args', STAY)
  await home.refuses('instance-state', ['rm', id])
  assert.deepEqual(await home.json('rm', '-f', id), { removed: [id] })
  assert.deepEqual(await home.json('ps', '-a'), [])
})

test('run fetches what is not here, and asks the registry again only with --pull always', async () => {
  await using registry = await startRegistry()
  const name = `${registry.address}/demo/tiny:1`
  await source.json('push', TINY, name)
  const askedBy = async (...words: readonly string[]) => {
    registry.requests.length = 0
    const { instance_id: id } = await home.json('run', name, '-d', '--args', STAY, ...words)
    await home.json('rm', '-f', id)
    return registry.requests.length
  }
  assert.ok((await askedBy()) > 0, 'missing: fetched')
  assert.equal(await askedBy(), 0, 'missing: it is here')
  assert.equal(await askedBy('--pull', 'never'), 0)
  assert.ok((await askedBy('--pull', 'always')) > 0)
  assert.equal(await askedBy('--pull', 'always', '--offline'), 0)
})

test('a machine runs from the beginning of a digest', async () => {
  const [{ digest }] = await home.json('ls')
  const machine = await home.json('run', digest.slice(7, 19), '-d', '--args', STAY)
  assert.equal(machine.digest, digest)
  await home.json('rm', '-f', machine.name)
})
