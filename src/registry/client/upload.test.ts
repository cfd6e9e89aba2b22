import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { noise, putArtifact, readBlob, sampleArtifact, sampleOf } from '../../../test/support/blobs.ts'
import { refused } from '../../../test/support/refusals.ts'
import { startRegistry } from '../../../test/support/registries.ts'
import { collect, openerOf } from '../../base/streams.ts'
import { MEDIA_TYPES } from '../../model/media-types.ts'
import { RegistryConnection } from './connection.ts'
import { RegistryRepository } from './repository.ts'

const { blob, bytes } = sampleOf(noise(300_000))

test('a place that a registry sends to is refused when it is none, or would leave TLS', async () => {
  await using connection = new RegistryConnection('registry.example')
  const from = new URL('https://registry.example/v2/a/blobs/uploads/')
  assert.equal(connection.follow('../x?y=1', from).href, 'https://registry.example/v2/a/blobs/x?y=1')
  assert.equal(connection.follow('https://cdn.example/x', from).href, 'https://cdn.example/x')
  const [plain, broken] = ['http://registry.example/x', 'http://[bad']
  await refused(() => connection.follow(plain, from), 'registry-refused', { actual: plain })
  await refused(() => connection.follow(broken, from), 'registry-refused', { actual: broken })
  await refused(() => connection.follow(undefined, from), 'registry-refused')
})

test('an upload is sent nowhere when the registry names no place for it', async () => {
  for (const location of ['http://[bad', undefined]) {
    await using registry = await serve((_request, response) => {
      response.writeHead(202, { ...(location && { location }) }).end()
    })
    await refused(registry.repository.put(blob, openerOf(bytes)), 'registry-refused')
    assert.deepEqual(registry.requests, ['POST /v2/a/blobs/uploads/'])
  }
})

test('an upload that is redirected is sent there from its first byte', async () => {
  let received: Buffer | undefined
  await using registry = await serve(async (request, response) => {
    const path = request.url?.replace(/\?.*/, '')
    if (path?.endsWith('/uploads/')) return response.writeHead(202, { location: '/upload' }).end()
    if (path === '/upload') return response.writeHead(307, { location: '/elsewhere' }).end()
    received = await collect(request, 1_000_000)
    return response.writeHead(201).end()
  })
  let opened = 0
  await registry.repository.put(blob, (from, options) => {
    opened++
    return openerOf(bytes)(from, options)
  })
  assert.equal(opened, 2)
  assert.ok(received?.equals(bytes))
})

test('only what the registry gives as a code is one: the words DIGEST_INVALID in a message are not', async () => {
  let code = 'DIGEST_INVALID'
  await using registry = await serve(async (request, response) => {
    if (request.method === 'POST') return response.writeHead(202, { location: '/upload' }).end()
    await collect(request, 1_000_000)
    const body = JSON.stringify({ errors: [{ code, message: 'not DIGEST_INVALID' }] })
    return response.writeHead(400, { 'content-type': 'application/json' }).end(body)
  })
  await refused(registry.repository.put(blob, openerOf(bytes)), 'digest-mismatch', { hint: /rmi/ })
  code = 'DENIED'
  await refused(registry.repository.put(blob, openerOf(bytes)), 'registry-refused', { actual: 400 })
})

test('a manifest is fetched once, however often it is read', async () => {
  await using registry = await startRegistry()
  const artifact = sampleArtifact()
  await putArtifact(registry.repository('a'), artifact, '1')
  registry.requests.length = 0
  const repository = registry.repository('a')
  const root = await repository.resolve('1')
  const ovms = sampleOf(artifact.manifestBytes, MEDIA_TYPES.ovmsManifest).blob
  for (const each of [root, ovms]) {
    const first = await readBlob(repository, each)
    assert.ok(first.equals(await readBlob(repository, each)))
  }
  const gets = registry.requests.filter((line) => line.startsWith('GET'))
  assert.deepEqual(gets, [`GET /v2/a/manifests/${root.digest} 200`, `GET /v2/a/blobs/${ovms.digest} 200`])
})

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => unknown) {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    void answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const registry = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const repository = new RegistryRepository({ registry, repository: 'a' })
  return {
    requests,
    repository,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await repository[Symbol.asyncDispose]()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
