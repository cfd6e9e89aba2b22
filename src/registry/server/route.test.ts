import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseRange } from './blobs.ts'
import { RegistryRefusal } from './errors.ts'
import { parseRoute, type Route } from './route.ts'

const SHA = `sha256:${'a'.repeat(64)}`

test('paths are read from the right, because names have slashes', () => {
  const rows: [string, Route][] = [
    ['/v2', { is: 'ping' }],
    ['/v2/', { is: 'ping' }],
    [`/v2/a/blobs/${SHA}`, { is: 'blob', repository: 'a', digest: SHA }],
    [`/v2/a/b/c/blobs/${SHA}`, { is: 'blob', repository: 'a/b/c', digest: SHA }],
    ['/v2/a/blobs/uploads/', { is: 'uploads', repository: 'a' }],
    ['/v2/a/blobs/uploads', { is: 'uploads', repository: 'a' }],
    ['/v2/a/b/blobs/uploads/id-1', { is: 'upload', repository: 'a/b', id: 'id-1' }],
    ['/v2/a/manifests/latest', { is: 'manifest', repository: 'a', name: 'latest' }],
    ['/v2/blobs/manifests/manifests/x', { is: 'manifest', repository: 'blobs/manifests', name: 'x' }],
    [`/v2/manifests/blobs/${SHA}`, { is: 'blob', repository: 'manifests', digest: SHA }],
    ['/v2/a.b/c/tags/list', { is: 'tags', repository: 'a.b/c' }],
  ]
  for (const [path, route] of rows) assert.deepEqual(parseRoute(path), route, path)
})

test('what leads nowhere, or to no name, is refused in the words of the distribution spec', () => {
  const rows: [string, string][] = [
    ['/', 'NOT_FOUND'],
    ['/v1/', 'NOT_FOUND'],
    ['/v2/a', 'NOT_FOUND'],
    ['/v2/_catalog', 'NOT_FOUND'],
    ['/v2//manifests/x', 'NAME_INVALID'],
    ['/v2/manifests/x', 'NAME_INVALID'],
    ['/v2/../manifests/x', 'NAME_INVALID'],
    ['/v2/a/../../etc/manifests/x', 'NAME_INVALID'],
    ['/v2/A/manifests/x', 'NAME_INVALID'],
    ['/v2/a:1/manifests/x', 'NAME_INVALID'],
    [`/v2/a@${SHA}/manifests/x`, 'NAME_INVALID'],
  ]
  for (const [path, code] of rows) assert.throws(() => parseRoute(path), { code }, path)
})

test('any path is a route or refused, and no route has a name that could leave its folder', () => {
  const part = fc.constantFrom(
    'v2',
    'a',
    'blobs',
    'uploads',
    'manifests',
    'tags',
    'list',
    '..',
    '.',
    '',
    '%2e',
    'a b',
    '\0',
  )
  const path = fc.array(part, { maxLength: 8 }).map((parts) => `/${parts.join('/')}`)
  fc.assert(
    fc.property(
      fc.oneof(
        path,
        path.map((each) => `/v2${each}`),
        fc.string(),
      ),
      (each) => {
        try {
          const route = parseRoute(each)
          if ('repository' in route) assert.match(route.repository, /^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/)
        } catch (error) {
          assert.ok(error instanceof RegistryRefusal, String(error))
        }
      },
    ),
    { numRuns: 2000 },
  )
})

test('a range of bytes is read as HTTP means it', () => {
  const rows: [string | undefined, { first: number; last: number } | undefined][] = [
    [undefined, undefined],
    ['', undefined],
    ['bytes=0-', { first: 0, last: 99 }],
    ['bytes=0-0', { first: 0, last: 0 }],
    ['bytes=10-19', { first: 10, last: 19 }],
    ['bytes=90-1000', { first: 90, last: 99 }],
    ['bytes=-10', { first: 90, last: 99 }],
    ['bytes=-1000', { first: 0, last: 99 }],
    ['bytes=99-', { first: 99, last: 99 }],
    ['bytes=0-1,3-4', undefined],
    ['lines=0-1', undefined],
    ['bytes=-', undefined],
    ['bytes=a-b', undefined],
    ['bytes 0-1', undefined],
  ]
  for (const [header, range] of rows) assert.deepEqual(parseRange(header, 100), range, String(header))
  for (const header of ['bytes=100-', 'bytes=100-200', 'bytes=5-4', 'bytes=-0', `bytes=${'9'.repeat(400)}-`])
    assert.throws(() => parseRange(header, 100), { code: 'RANGE_INVALID' }, header)
  assert.throws(() => parseRange('bytes=0-', 0), { code: 'RANGE_INVALID' })
})

test('every range that is served lies within the blob', () => {
  const edge = fc.oneof(fc.constant(''), fc.nat(), fc.bigInt({ min: 0n }))
  fc.assert(
    fc.property(fc.nat(), edge, edge, (size, from, to) => {
      try {
        const { first, last } = parseRange(`bytes=${from}-${to}`, size) ?? { first: 0, last: 0 }
        assert.ok(first >= 0 && first <= last && (last < size || last === 0), `${first}-${last} of ${size}`)
      } catch (error) {
        assert.ok(error instanceof RegistryRefusal, String(error))
      }
    }),
  )
})
