import { deepEqual, equal } from 'node:assert/strict'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { digestOf } from '../../src/model/digest.ts'
import { filesBelow } from '../support/folders.ts'
import { COPIERS, regctl, skopeo } from './support/copiers.ts'
import { ovm } from './support/ovm.ts'
import { REGISTRIES, type ServedRegistry } from './support/registries.ts'
import { AT_ONCE, buildTiny, type Tiny } from './support/tiny.ts'
import { lacks, run } from './support/tools.ts'

for (const { registry, absent, serve } of REGISTRIES) {
  describe(`What ovm pushed to ${registry}`, { skip: absent, concurrency: AT_ONCE }, () => {
    let tiny: Tiny
    let served: ServedRegistry
    let reference: string
    before(async () => {
      ;[tiny, served] = await Promise.all([buildTiny(), serve()])
      reference = `${served.address}/ours/tiny:1`
      const { digest } = await ovm(tiny.home, 'push', tiny.name, reference)
      equal(digest, tiny.digest)
    })
    after(async () => {
      await served[Symbol.asyncDispose]()
      await tiny[Symbol.asyncDispose]()
    })

    for (const { tool, digestOf: digestBy, manifestOf, toLayout } of COPIERS) {
      test(`has one digest and the same bytes for ${tool}`, { skip: lacks(tool) }, async () => {
        equal((await digestBy(reference)).trim(), tiny.digest)
        equal(digestOf(Buffer.from(await manifestOf(reference))), tiny.digest)
      })

      test(`is copied by ${tool} into a layout that ovm reads`, { skip: lacks(tool) }, async () => {
        const [layout, home] = [tiny.fresh('layout'), tiny.fresh('home')]
        await toLayout(reference, layout)
        deepEqual(await layoutDigests(layout), [...Object.values(tiny.blobs), EMPTY, tiny.digest].toSorted())
        const [loaded] = await ovm(home, 'load', '-i', layout, '-t', 'loaded:1')
        equal(loaded.digest, tiny.digest)
        equal((await ovm(home, 'validate', 'loaded:1')).valid, true)
      })
    }

    for (const tool of ['oras', 'ovms-oras'] as const) {
      test(`is pulled by ${tool} as files with their titles`, { skip: lacks(tool) }, async () => {
        const folder = tiny.fresh('pulled')
        const plain = tool === 'oras' ? ['--plain-http'] : []
        await run(tool, ['pull', reference, '-o', folder, ...plain])
        deepEqual(await fileDigests(folder), tiny.blobs)
      })
    }

    test('is taken apart by regctl artifact get', { skip: lacks('regctl') }, async () => {
      const folder = tiny.fresh('taken')
      await mkdir(folder)
      await regctl(reference, 'artifact', 'get', reference, '--output', folder)
      deepEqual(await fileDigests(folder), tiny.blobs)
    })

    // Without --fast crane unpacks every layer as a compressed archive, which no artifact but a container image passes.
    test('passes crane validate --fast', { skip: lacks('crane') }, async () => {
      await run('crane', ['validate', '--insecure', '--fast', '--remote', reference])
    })

    test('is archived by skopeo as ovm load reads it', { skip: lacks('skopeo') }, async () => {
      const [archive, home] = [`${tiny.fresh('archive')}.tar`, tiny.fresh('home')]
      await skopeo(
        'copy',
        '--src-tls-verify=false',
        `docker://${reference}`,
        `oci-archive:${archive}:theirs:1`,
      )
      deepEqual(await ovm(home, 'load', '-i', archive), [{ name: 'theirs:1', digest: tiny.digest }])
      equal((await ovm(home, 'validate', 'theirs:1')).valid, true)
    })

    test('is exported by regctl as ovm load reads it', { skip: lacks('regctl') }, async () => {
      const [archive, home] = [`${tiny.fresh('archive')}.tar`, tiny.fresh('home')]
      await regctl(reference, 'image', 'export', reference, archive)
      const [loaded] = await ovm(home, 'load', '-i', archive, '-t', 'theirs:1')
      equal(loaded.digest, tiny.digest)
      equal((await ovm(home, 'validate', 'theirs:1')).valid, true)
    })
  })
}

/** The blob `{}`. */
const EMPTY = digestOf(Buffer.from('{}'))

async function layoutDigests(folder: string): Promise<readonly string[]> {
  const names = await filesBelow(join(folder, 'blobs'))
  return names.map((name) => name.replace('/', ':')).toSorted()
}

async function fileDigests(folder: string): Promise<Record<string, string>> {
  const names = await filesBelow(folder)
  const pairs = names.map(async (name) => [name, digestOf(await readFile(join(folder, name)))] as const)
  return Object.fromEntries(await Promise.all(pairs))
}
