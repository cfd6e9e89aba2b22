import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { filesBelow, temporaryFolder } from '../../../test/support/folders.ts'
import { LayoutRepositories } from '../../layout/repositories.ts'
import { digestOf } from '../../model/digest.ts'
import { RegistryServer, type RegistryServerOptions } from './server.ts'

const ARTIFACT = { method: 'PUT', body: JSON.stringify({ schemaVersion: 2, manifests: [] }) }
const CHILD = {
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: digestOf(Buffer.from('x')),
  size: 1,
}
const INDEX = { 'content-type': 'application/vnd.oci.image.index.v1+json' }

test('a request that is refused leaves neither a repository nor a file', async () => {
  await using registry = await start()
  const rows: [string, string, string, number][] = [
    ['POST', '/v2/ghost/blobs/uploads/?digest=junk', '', 400],
    ['POST', `/v2/ghost/blobs/uploads/?mount=${digestOf(Buffer.from('x'))}&from=NO`, '', 400],
    ['PUT', '/v2/ghost/manifests/x', '{}', 400],
    ['PUT', '/v2/ghost/manifests/x', JSON.stringify({ schemaVersion: 2, manifests: [CHILD] }), 404],
    ['PUT', `/v2/ghost/manifests/${'x'.repeat(129)}`, ARTIFACT.body, 400],
  ]
  for (const [method, path, body, status] of rows) {
    const response = await fetch(`${registry.url}${path}`, { method, body, headers: INDEX })
    assert.equal(response.status, status, `${method} ${path}: ${await response.text()}`)
    assert.deepEqual(await filesBelow(registry.folder), [], path)
  }
  assert.equal((await fetch(`${registry.url}/v2/ghost/tags/list`)).status, 404)
  const empty = await fetch(`${registry.url}/v2/ghost/manifests/x`, { ...ARTIFACT, headers: INDEX })
  assert.equal(empty.status, 201, await empty.text())
})

test('an upload that nobody comes back to is forgotten, one that is used is not', async () => {
  await using registry = await start({ uploads: { idleMs: 300 } })
  const [abandoned, used] = [await registry.begin(), await registry.begin()]
  for (let round = 0; round < 4; round++) {
    await wait(100)
    assert.equal((await fetch(used, { method: 'PATCH', body: 'x' })).status, 202)
  }
  assert.equal((await fetch(abandoned)).status, 404)
  assert.equal((await registry.ingested()).length, 1)
  used.searchParams.set('digest', digestOf(Buffer.from('xxxx')))
  assert.equal((await fetch(used, { method: 'PUT' })).status, 201)
  assert.deepEqual(await registry.ingested(), [])
})

test('so many uploads at once and no more: the next one may come when one has ended', async () => {
  await using registry = await start({ uploads: { maximum: 2 } })
  const answers = await Promise.all([1, 2, 3].map(() => registry.post()))
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [202, 202, 429])
  const open = answers.find(({ status }) => status === 202)
  assert.ok(open)
  assert.equal((await fetch(registry.placeOf(open), { method: 'DELETE' })).status, 204)
  assert.equal((await registry.post()).status, 202)
})

test('a registry ends though an upload stalls, and leaves nothing of it', async () => {
  const registry = await start({ graceMs: 100 })
  try {
    const place = await registry.begin()
    const stalled = request(place, { method: 'PATCH', headers: { 'content-length': 1000 } })
    const broken = once(stalled, 'response').catch((error: unknown) => error)
    stalled.write('the first bytes')
    await wait(50)
    const begun = Date.now()
    await registry.server[Symbol.asyncDispose]()
    assert.ok(Date.now() - begun < 3_000)
    assert.ok((await broken) instanceof Error)
    assert.deepEqual(await registry.ingested(), [])
  } finally {
    await registry[Symbol.asyncDispose]()
  }
})

async function start(options: Omit<RegistryServerOptions, 'storage'> = {}) {
  await using undo = new AsyncDisposableStack()
  const { path: folder } = undo.use(await temporaryFolder())
  const server = undo.use(new RegistryServer({ storage: new LayoutRepositories(folder), ...options }))
  const url = `http://${await server.listen()}`
  const post = () => fetch(`${url}/v2/a/blobs/uploads/`, { method: 'POST' })
  const placeOf = (response: Response) => new URL(response.headers.get('location') ?? '', url)
  const end = undo.move()
  return {
    server,
    url,
    folder,
    post,
    placeOf,
    begin: async () => placeOf(await post()),
    ingested: async () => (await filesBelow(folder)).filter((file) => file.includes('/ingest/')),
    [Symbol.asyncDispose]: () => end.disposeAsync(),
  }
}
