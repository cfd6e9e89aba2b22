import assert from 'node:assert/strict'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { noise, putArtifact, sampleArtifact, sampleOf } from '../../../test/support/blobs.ts'
import { temporaryFolder } from '../../../test/support/folders.ts'
import { MemoryRepositories } from '../../../test/support/memory-repositories.ts'
import { refused } from '../../../test/support/refusals.ts'
import { startRegistry } from '../../../test/support/registries.ts'
import { openerOf } from '../../base/streams.ts'
import { LayoutRepositories } from '../../layout/repositories.ts'
import { digestOf } from '../../model/digest.ts'
import { EMPTY_CONFIG } from '../../model/oci-manifest.ts'
import { RegistryServer } from './server.ts'

test('requests are answered as the distribution spec says', async () => {
  await using registry = await startRegistry()
  const repository = registry.repository('a/b')
  const artifact = sampleArtifact()
  await putArtifact(repository, artifact, '1')
  const { digest } = artifact.kernel.blob
  const other = digestOf(Buffer.from('other'))
  const long = `/v2/a/b/manifests/${'x'.repeat(129)}`
  const rows: [string, string, object, number, string?][] = [
    ['GET', '/v2/', {}, 200],
    ['GET', '/', {}, 404, 'NOT_FOUND'],
    ['PATCH', `/v2/a/b/blobs/${digest}`, {}, 405, 'UNSUPPORTED'],
    ['GET', `/v2/a/b/blobs/${digest}`, {}, 200],
    ['HEAD', `/v2/a/b/blobs/${digest}`, {}, 200],
    ['GET', `/v2/a/b/blobs/${digest}`, { range: 'bytes=1-2' }, 206],
    ['GET', `/v2/a/b/blobs/${digest}`, { range: 'bytes=3000-' }, 416, 'RANGE_INVALID'],
    ['GET', `/v2/a/b/blobs/${other}`, {}, 404, 'BLOB_UNKNOWN'],
    ['GET', '/v2/a/b/blobs/sha256:abc', {}, 400, 'DIGEST_INVALID'],
    ['GET', '/v2/a/b/blobs/md5:d41d8cd98f00b204e9800998ecf8427e', {}, 400, 'DIGEST_INVALID'],
    ['GET', `/v2/nobody/blobs/${digest}`, {}, 404, 'NAME_UNKNOWN'],
    ['GET', '/v2/a/b/manifests/1', {}, 200],
    ['GET', '/v2/a/b/manifests/2', {}, 404, 'MANIFEST_UNKNOWN'],
    ['GET', `/v2/a/b/manifests/${other}`, {}, 404, 'MANIFEST_UNKNOWN'],
    ['GET', '/v2/a/b/tags/list', {}, 200],
    ['GET', '/v2/A/tags/list', {}, 400, 'NAME_INVALID'],
    ['PUT', '/v2/a/b/manifests/2', { body: '<html>' }, 400, 'MANIFEST_INVALID'],
    ['PUT', '/v2/a/b/manifests/2', { body: '{}' }, 400, 'MANIFEST_INVALID'],
    ['PUT', `/v2/a/b/manifests/${other}`, { body: artifact.rootBytes }, 400, 'DIGEST_INVALID'],
    ['PUT', long, { body: artifact.rootBytes }, 400, 'MANIFEST_INVALID'],
    ['PUT', '/v2/c/manifests/2', { body: artifact.rootBytes }, 404, 'MANIFEST_BLOB_UNKNOWN'],
    ['PUT', '/v2/a/b/manifests/2', { body: Buffer.alloc(4 * 2 ** 20 + 1, 32) }, 413, 'SIZE_INVALID'],
    ['PATCH', '/v2/a/b/blobs/uploads/nothing', {}, 404, 'BLOB_UPLOAD_UNKNOWN'],
    ['PUT', `/v2/a/b/blobs/uploads/../../x?digest=${digest}`, {}, 404, 'NOT_FOUND'],
    ['GET', '/v2/%zz/manifests/1', {}, 400, 'NAME_INVALID'],
    ['GET', '/v2/a%2F..%2F..%2Fetc/manifests/1', {}, 400, 'NAME_INVALID'],
  ]
  for (const [method, path, { range, body }, status, code] of rows as [
    string,
    string,
    Request,
    number,
    string,
  ][]) {
    const type = 'application/vnd.oci.image.manifest.v1+json'
    const headers = { ...(range && { range }), ...(body && { 'content-type': type }) }
    const response = await fetch(`http://${registry.address}${path}`, {
      method,
      headers,
      ...(body && { body }),
    })
    const text = await response.text()
    assert.equal(response.status, status, `${method} ${path}: ${text}`)
    if (code) assert.equal(JSON.parse(text).errors[0].code, code, `${method} ${path}`)
  }
})

interface Request {
  readonly range?: string
  readonly body?: string | Buffer<ArrayBuffer>
}

test('what is no request is answered or hung up on, and the registry goes on', async () => {
  await using registry = await startRegistry()
  const targets = ['http://[bad', '//', '/v2/%', '*', '/v2/\x7f', `/${'a'.repeat(10_000)}`, '/v2/?a=%']
  for (const target of targets) {
    const answer = await sendRaw(
      registry.address,
      `GET ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
    )
    assert.doesNotMatch(answer, /^HTTP\/1\.1 5/, `${target}: ${answer}`)
  }
  assert.equal((await fetch(`http://${registry.address}/v2/`)).status, 200)
})

test('a piece that does not follow the last one is refused, and the right one still fits', async () => {
  await using registry = await startRegistry()
  const bytes = noise(3000)
  const begun = await fetch(`http://${registry.address}/v2/a/blobs/uploads/`, { method: 'POST' })
  const place = new URL(begun.headers.get('location') ?? '', begun.url)
  const send = (from: number, to: number) =>
    fetch(place, {
      method: 'PATCH',
      body: bytes.subarray(from, to),
      headers: { 'content-range': `${from}-${to - 1}` },
    })
  assert.equal((await send(0, 1000)).status, 202)
  assert.equal((await send(2000, 3000)).status, 416)
  const state = await fetch(place)
  assert.deepEqual([state.status, state.headers.get('range')], [204, '0-999'])
  assert.equal((await send(1000, 3000)).status, 202)
  place.searchParams.set('digest', digestOf(bytes))
  assert.equal((await fetch(place, { method: 'PUT' })).status, 201)
  const blob = await fetch(`http://${registry.address}/v2/a/blobs/${digestOf(bytes)}`)
  assert.ok(Buffer.from(await blob.arrayBuffer()).equals(bytes))
})

test('a blob of another repository is mounted by a link, without copying a byte', async () => {
  await using folder = await temporaryFolder()
  const repositories = new LayoutRepositories(folder.path)
  await using registry = await startRegistry(repositories)
  const { blob, bytes } = sampleOf(noise(100_000))
  await registry.repository('from/here').put(blob, openerOf(bytes))
  const mount = (digest: string, from: string) =>
    fetch(`http://${registry.address}/v2/to/there/blobs/uploads/?mount=${digest}&from=${from}`, {
      method: 'POST',
    })
  assert.equal((await mount(blob.digest, 'from/here')).status, 201)
  const [source, target] = [await repositories.create('from/here'), await repositories.create('to/there')]
  const files = [await stat(source.pathOf(blob.digest)), await stat(target.pathOf(blob.digest))]
  assert.equal(files[0]?.ino, files[1]?.ino)
  assert.equal((await mount(digestOf(Buffer.from('x')), 'from/here')).status, 202)
  assert.equal((await mount(blob.digest, 'nobody')).status, 202)
})

test('tags are listed in order, a page at a time', async () => {
  await using registry = await startRegistry()
  const repository = registry.repository('a')
  const artifact = sampleArtifact()
  for (const name of ['c', 'a', 'b']) await putArtifact(repository, artifact, name)
  const page = async (query: string) => {
    const response = await fetch(`http://${registry.address}/v2/a/tags/list${query}`)
    return { ...((await response.json()) as { tags: string[] }), link: response.headers.get('link') }
  }
  assert.deepEqual((await page('')).tags, ['a', 'b', 'c'])
  const first = await page('?n=2')
  assert.deepEqual(first.tags, ['a', 'b'])
  assert.match(first.link ?? '', /^<\/v2\/a\/tags\/list\?n=2&last=b>; rel="next"$/)
  assert.deepEqual((await page('?n=2&last=b')).tags, ['c'])
})

test('a tag is deleted alone, a manifest with its tags, a blob wherever it is named', async () => {
  await using registry = await startRegistry()
  const repository = registry.repository('a')
  const artifact = sampleArtifact()
  for (const name of ['1', '2', '3']) await putArtifact(repository, artifact, name)
  const at = (path: string, method = 'GET') => fetch(`http://${registry.address}/v2/a/${path}`, { method })
  const statuses = async (...paths: readonly string[]) =>
    (await Promise.all(paths.map((path) => at(path)))).map(({ status }) => status)
  const [root, kernel] = [`manifests/${artifact.root.digest}`, `blobs/${artifact.kernel.blob.digest}`]
  assert.equal((await at('manifests/1', 'DELETE')).status, 202)
  assert.deepEqual(await statuses('manifests/1', 'manifests/2', root), [404, 200, 200])
  assert.equal((await at(root, 'DELETE')).status, 202)
  assert.deepEqual(await statuses('manifests/2', 'manifests/3', root, kernel), [404, 404, 404, 200])
  assert.equal((await at(kernel, 'DELETE')).status, 202)
  assert.deepEqual(await statuses(kernel), [404])
  for (const [path, code] of [
    ['manifests/1', 'MANIFEST_UNKNOWN'],
    [root, 'MANIFEST_UNKNOWN'],
    [kernel, 'BLOB_UNKNOWN'],
  ] as const) {
    const response = await at(path, 'DELETE')
    const { errors } = (await response.json()) as { errors: { code: string }[] }
    assert.deepEqual([response.status, errors[0]?.code], [404, code])
  }
  await putArtifact(repository, artifact, '1')
  assert.deepEqual(await statuses('manifests/1', root, kernel), [200, 200, 200])
})

test('a storage that cannot delete says so', async () => {
  await using registry = await startRegistry(new MemoryRepositories())
  const response = await fetch(`http://${registry.address}/v2/a/manifests/1`, { method: 'DELETE' })
  assert.equal(response.status, 405, await response.text())
})

test('a port that is taken is told', async () => {
  await using registry = await startRegistry()
  await using folder = await temporaryFolder()
  await using second = new RegistryServer({ storage: new LayoutRepositories(join(folder.path, 'x')) })
  const port = Number(registry.address.split(':')[1])
  await refused(second.listen({ port }), 'port-in-use', { actual: port, hint: /--port/ })
})

test('a manifest is served byte for byte as it came', async () => {
  await using registry = await startRegistry()
  const repository = registry.repository('a')
  await repository.put(EMPTY_CONFIG.descriptor, openerOf(EMPTY_CONFIG.bytes))
  const config = JSON.stringify(EMPTY_CONFIG.descriptor)
  const odd = `\n{"schemaVersion" : 2,\t"layers":[ ],"config":${config}, "future": {"b":1,"a":2}}  `
  const put = await fetch(`http://${registry.address}/v2/a/manifests/odd`, { method: 'PUT', body: odd })
  assert.equal(put.status, 201)
  const got = await fetch(`http://${registry.address}/v2/a/manifests/odd`)
  assert.equal(await got.text(), odd)
  assert.equal(got.headers.get('docker-content-digest'), digestOf(Buffer.from(odd)))
})

async function sendRaw(address: string, text: string): Promise<string> {
  const [host = '', port = ''] = address.split(':')
  const socket = connect(Number(port), host)
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk)).on('error', () => {})
  socket.write(text)
  await once(socket, 'close')
  return Buffer.concat(chunks).toString()
}
