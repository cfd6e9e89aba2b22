import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { findCommand } from '../../../scripts/setup/look.js'
import { newHome, type OvmHome } from '../../support/ovm.ts'
import { AT_ONCE, buildSample } from './artifacts.ts'

describe('ovm ls, tag, untag, rmi, prune, save and load', { concurrency: AT_ONCE }, () => {
  test('ls of an empty store says how to begin', async () => {
    await using home = await newHome()
    const { stdout, stderr } = await home.run(['ls'])
    assert.equal(stdout, '')
    assert.match(stderr, /ovm build.*ovm pull/)
    assert.deepEqual(await home.json('ls'), [])
  })

  test('ls shows each name with what it stands for; -q names alone', async () => {
    await using home = await newHome()
    const digest = await buildSample(home, 'web:1')
    await home.json('tag', 'web:1', 'a/b:2')
    const rows = await home.json('ls')
    assert.deepEqual(
      rows.map(({ name, digest, machine }: Record<string, string>) => [name, digest, machine]),
      [
        ['a/b:2', digest, 'web 1'],
        ['web:1', digest, 'web 1'],
      ],
    )
    assert.equal(await home.ok('ls', '-q'), 'a/b:2\nweb:1')
    const [head, first] = (await home.ok('ls')).split('\n')
    assert.match(head ?? '', /^NAME +DIGEST +SIZE +ARCH +MACHINE$/)
    assert.match(first ?? '', new RegExp(`^a/b:2 +${digest.slice(7, 19)} +1\\.\\d+ MiB +\\S+ +web 1$`))
  })

  test('tag names what a name, a digest or the beginning of one means', async () => {
    await using home = await newHome()
    const digest = await buildSample(home, 'web:1')
    for (const source of ['web:1', digest, digest.slice(7, 19), digest.slice(0, 19)])
      assert.deepEqual(await home.json('tag', source, 'b'), { name: 'b:latest', digest }, source)
    assert.equal(await home.ok('tag', 'web:1', 'c:1', '-q'), 'c:1')
    await home.refuses('reference-unknown', ['tag', 'nobody:1', 'b:1'])
    await home.refuses('reference-invalid', ['tag', 'web:1', '../b'])
  })

  test('untag takes the name and leaves the artifact, which prune takes', async () => {
    await using home = await newHome()
    const digest = await buildSample(home, 'web:1')
    assert.deepEqual(await home.json('untag', 'web:1'), { untagged: ['web:1'] })
    assert.deepEqual(
      (await home.json('ls')).map(({ name }: { name: string | null }) => name),
      [null],
    )
    assert.equal((await home.json('inspect', digest)).digest, digest)
    const would = await home.json('prune', '--dry-run')
    assert.equal((await blobs(home)).length, would.blobs.length)
    const did = await home.json('prune')
    assert.deepEqual({ ...did, dry_run: true }, would)
    assert.deepEqual(await blobs(home), [])
    assert.deepEqual(await home.json('ls'), [])
    await home.refuses('reference-unknown', ['untag', 'web:1'])
  })

  test('rmi of one of two names leaves the blobs of the other', async () => {
    await using home = await newHome()
    await buildSample(home, 'web:1')
    await home.json('build', '-t', 'web:2', '--from', 'web:1', '--disk', 'top.qcow2')
    const first = await home.json('rmi', 'web:1')
    assert.deepEqual(first.removed, ['web:1'])
    assert.equal(first.blobs.length, 2, 'the two manifests of its own')
    assert.equal((await home.json('validate', 'web:2')).valid, true)
    const second = await home.run(['rmi', 'web:2', '-q'])
    assert.deepEqual([second.stdout, second.stderr], ['web:2\n', ''])
    assert.deepEqual(await blobs(home), [])
    await home.refuses('reference-unknown', ['rmi', 'web:2'])
  })

  test('rmi takes an artifact by the beginning of its digest, with its names', async () => {
    await using home = await newHome()
    const digest = await buildSample(home, 'web:1')
    await home.json('rmi', digest.slice(7, 19))
    assert.deepEqual(await home.json('ls'), [])
  })

  test('prune with nothing to take says so and takes nothing', async () => {
    await using home = await newHome()
    await buildSample(home, 'web:1')
    const { stdout, stderr } = await home.run(['prune'])
    assert.deepEqual([stdout, stderr], ['', 'Freed 0 B\n'])
    assert.equal((await home.json('validate', 'web:1')).valid, true)
  })

  test('saved artifacts are loaded elsewhere under the same names and digests', async () => {
    await using home = await newHome()
    await using other = await newHome()
    const digest = await buildSample(home, 'web:1')
    await home.json('build', '-t', 'a/web:2', '--from', 'web:1', '--disk', 'top.qcow2')
    const file = home.path('all.tar')
    const saved = await home.json('save', 'web:1', 'a/web:2', '-o', file)
    assert.deepEqual(saved.names, ['web:1', 'a/web:2'])
    const blobBytes = (await home.json('ls')).find(({ name }: { name: string }) => name === 'a/web:2').size
    assert.ok(saved.size < blobBytes * 1.2, 'shared blobs are there once')
    const loaded = await other.json('load', '-i', file)
    assert.deepEqual(loaded.map(({ name }: { name: string }) => name).sort(), ['a/web:2', 'web:1'])
    assert.equal((await other.json('validate', 'web:1')).digest, digest)
    assert.equal(await home.ok('save', 'web:1', '-o', file, '-q'), file)
    assert.equal(await other.ok('load', '-i', file, '-q'), 'web:1')
  })

  test('an archive that skopeo wrote is loaded, and named by -t', async (t) => {
    const skopeo = findCommand('skopeo')
    if (skopeo === undefined) return t.skip('skopeo is not installed')
    await using home = await newHome()
    await using other = await newHome()
    const digest = await buildSample(home, 'web:1')
    const words = [
      'copy',
      '--insecure-policy',
      `oci:${home.home}:web:1`,
      `oci-archive:${home.path('out.tar')}`,
    ]
    execFileSync(skopeo, words, { stdio: 'pipe' })
    const [loaded] = await other.json('load', '-i', home.path('out.tar'), '-t', 'skopeo:1')
    assert.deepEqual(loaded, { name: 'skopeo:1', digest })
    assert.equal((await other.json('validate', 'skopeo:1')).valid, true)
  })

  test('a layout without names is loaded nameless, and found by digest', async () => {
    await using home = await newHome()
    await using other = await newHome()
    const digest = await buildSample(home, 'web:1')
    await home.json('untag', 'web:1')
    assert.deepEqual(await other.json('load', '-i', home.home), [{ name: null, digest }])
    assert.equal((await other.json('validate', digest)).valid, true)
  })

  for (const { what, file, bytes } of [
    { what: 'a file that is not there', file: 'nowhere.tar', bytes: undefined },
    { what: 'what is no archive', file: 'noise.tar', bytes: Buffer.alloc(4000, 7) },
    { what: 'an empty file', file: 'empty.tar', bytes: Buffer.alloc(0) },
  ]) {
    test(`load refuses ${what}`, async () => {
      await using home = await newHome()
      if (bytes) await writeFile(home.path(file), bytes)
      const { stderr, status } = await home.run(['load', '-i', file, '--json'])
      const { code } = JSON.parse(stderr).error
      assert.ok(['archive-invalid', 'file-unreadable'].includes(code), stderr)
      assert.ok(status === 3 || status === 4)
      assert.deepEqual(await home.json('ls'), [])
    })
  }

  test('save of what is not here leaves no file behind', async () => {
    await using home = await newHome()
    await buildSample(home, 'web:1')
    await home.refuses('reference-unknown', ['save', 'web:1', 'nobody:1', '-o', 'out.tar'])
    const left = (await readdir(home.folder)).filter((name) => name.includes('out.tar'))
    assert.deepEqual(left, [])
  })
})

async function blobs({ home }: OvmHome): Promise<string[]> {
  return readdir(join(home, 'blobs/sha256')).catch(() => [])
}
