import { deepEqual, equal, match } from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startRegistry, type TestRegistry } from '../support/registries.ts'
import { COPIERS, regctl } from './support/copiers.ts'
import { ovm } from './support/ovm.ts'
import { buildTiny, type Tiny } from './support/tiny.ts'
import { lacks, run } from './support/tools.ts'

describe('Our registry', () => {
  let tiny: Tiny
  let registry: TestRegistry
  let reference: string
  before(async () => {
    ;[tiny, registry] = await Promise.all([buildTiny(), startRegistry()])
    reference = `${registry.address}/ours/tiny:1`
    await ovm(tiny.home, 'push', tiny.name, reference)
  })
  after(async () => {
    await registry[Symbol.asyncDispose]()
    await tiny[Symbol.asyncDispose]()
  })

  /** The requests a tool makes, as the registry saw them. */
  async function requestsOf(work: () => Promise<unknown>): Promise<readonly string[]> {
    const before = registry.requests.length
    await work()
    return registry.requests.slice(before)
  }

  for (const { tool, between, digestOf } of COPIERS.filter(
    ({ tool }) => tool === 'crane' || tool === 'regctl',
  )) {
    test(`lets ${tool} mount blobs of another repository, so that none is sent`, {
      skip: lacks(tool),
    }, async () => {
      const requests = await requestsOf(() => between(reference, `${registry.address}/mounted/${tool}:1`))
      const mounts = requests.filter((line) => /^POST .*\/blobs\/uploads\/ 201$/.test(line))
      equal(mounts.length, Object.keys(tiny.blobs).length + 1)
      deepEqual(
        requests.filter((line) => /^(?:PATCH|PUT) .*\/blobs\//.test(line)),
        [],
      )
    })

    test(`answers the HEAD of ${tool} for a tag and for a digest`, { skip: lacks(tool) }, async () => {
      const requests = await requestsOf(async () => {
        equal((await digestOf(reference)).trim(), tiny.digest)
        const byDigest = `${reference.slice(0, reference.lastIndexOf(':'))}@${tiny.digest}`
        equal((await digestOf(byDigest)).trim(), tiny.digest)
      })
      match(requests.join('\n'), /^HEAD \S+\/manifests\/1 200$/m)
    })
  }

  test('gives a blob to crane and regctl byte for byte', { skip: lacks('crane', 'regctl') }, async () => {
    const repository = reference.slice(0, reference.lastIndexOf(':'))
    const digest = tiny.blobs['manifest.json'] ?? ''
    const blob = await run('crane', ['blob', '--insecure', `${repository}@${digest}`])
    equal(await regctl(reference, 'blob', 'get', repository, digest), blob)
    equal(JSON.parse(blob).name, 'tiny')
  })

  test('lets regctl take a tag away, and the manifest keeps its other tag', {
    skip: lacks('regctl'),
  }, async () => {
    const other = `${reference}-more`
    await regctl(reference, 'image', 'copy', reference, other)
    const requests = await requestsOf(() => regctl(other, 'tag', 'rm', other))
    match(requests.join('\n'), /^DELETE \S+\/manifests\/1-more 202$/m)
    const repository = reference.slice(0, reference.lastIndexOf(':'))
    deepEqual((await regctl(repository, 'tag', 'ls', repository)).trim().split('\n'), ['1'])
    equal((await regctl(reference, 'manifest', 'head', reference)).trim(), tiny.digest)
  })
})
