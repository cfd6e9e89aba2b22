import assert from 'node:assert/strict'
import { mkdir, readdir, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { newHome, type OvmHome } from '../../support/ovm.ts'
import { AT_ONCE, buildSample, writeParts } from './artifacts.ts'

const FLAGS = ['--kernel', 'kernel', '--initrd', 'initrd', '--disk', 'disk.raw', '--args', 'console=ttyS0']

const BUILD_FILE = `kernel:
  file: kernel
  args: console=ttyS0
initrd: { file: initrd }
disks:
  - file: disk.raw
`

describe('ovm build', { concurrency: AT_ONCE }, () => {
  test('a build file and the same parts as options give the same digest', async () => {
    await using home = await newHome()
    await writeParts(home)
    await writeFile(home.path('ovm.yaml'), BUILD_FILE)
    const fromFile = await home.json('build', '-t', 'web:1')
    const fromFlags = await home.json('build', '-t', 'web:1', ...FLAGS)
    assert.equal(fromFile.digest, fromFlags.digest)
    assert.equal(fromFile.name, 'web:1')
  })

  test('paths of a build file are relative to it, and its folder does not change the digest', async () => {
    await using home = await newHome()
    await writeParts(home)
    await writeFile(home.path('ovm.yaml'), BUILD_FILE)
    const here = await home.json('build', '-t', 'web:1')
    await using other = await newHome()
    await mkdir(other.path('deep'))
    await writeParts(other)
    for (const name of ['kernel', 'initrd', 'disk.raw'])
      await rename(other.path(name), other.path(`deep/${name}`))
    await writeFile(other.path('deep/ovm.yaml'), BUILD_FILE)
    const there = await other.json('build', '-f', 'deep/ovm.yaml', '-t', 'web:1')
    assert.equal(here.digest, there.digest)
  })

  test('name and version are those of the reference where nobody says otherwise', async () => {
    await using home = await newHome()
    await buildSample(home, 'registry.example.com/team/web')
    const { manifest, name } = await home.json('inspect', 'registry.example.com/team/web')
    assert.equal(name, 'registry.example.com/team/web:latest')
    assert.deepEqual([manifest.name, manifest.version], ['web', 'latest'])
  })

  test('SOURCE_DATE_EPOCH becomes the time of creation; without it none is told', async () => {
    await using home = await newHome()
    await buildSample(home, 'web:1')
    assert.equal((await home.json('inspect', 'web:1')).manifest.metadata?.created, undefined)
    const words = ['build', '-t', 'web:2', ...FLAGS]
    const { status } = await home.run(words, { env: { SOURCE_DATE_EPOCH: '1767225600' } })
    assert.equal(status, 0)
    assert.equal((await home.json('inspect', 'web:2')).manifest.metadata.created, '2026-01-01T00:00:00Z')
    await home.refuses('usage', words, { env: { SOURCE_DATE_EPOCH: 'yesterday' } })
  })

  test('building upon an artifact shares its blobs and adds only the new layer', async () => {
    await using home = await newHome()
    await buildSample(home, 'web:1')
    const before = await blobsOf(home)
    await home.json('build', '-t', 'web:2', '--from', 'web:1', '--disk', 'top.qcow2')
    const after = await blobsOf(home)
    for (const [name, inode] of before) assert.equal(after.get(name), inode, `${name} was copied`)
    assert.equal(after.size, before.size + 3, 'the layer, the OVMS manifest and the OCI manifest')
    const base = await home.json('inspect', 'web:1')
    const derived = await home.json('inspect', 'web:2')
    assert.deepEqual(derived.blobs.slice(0, -1), base.blobs)
    assert.equal(derived.manifest.kernel.args, 'console=ttyS0')
    assert.deepEqual(
      derived.manifest.diskLayers.map(({ format }: { format: string }) => format),
      ['raw', 'qcow2'],
    )
  })

  test('from: of a build file builds upon an artifact of the store, by a path of its own', async () => {
    await using home = await newHome()
    await buildSample(home, 'web:1')
    await writeFile(home.path('more.yaml'), 'from: web:1\ndisks: [{ file: top.qcow2 }]\n')
    const fromFile = await home.json('build', '-f', 'more.yaml', '-t', 'web:2')
    const fromFlags = await home.json('build', '-t', 'web:2', '--from', 'web:1', '--disk', 'top.qcow2:qcow2')
    assert.equal(fromFile.digest, fromFlags.digest)
  })

  for (const { what, yaml, message, hint } of [
    {
      what: 'an unknown key',
      yaml: 'kernel:\n  file: kernel\n  arguments: quiet\n',
      message: /ovm\.yaml:3: unknown key "arguments"/,
      hint: /args/,
    },
    {
      what: 'a misspelt key',
      yaml: 'name: web\nkernal: { file: kernel }\n',
      message: /ovm\.yaml:2: unknown key "kernal"/,
      hint: /"kernel"/,
    },
    {
      what: 'a wrong type',
      yaml: 'disks: disk.raw\n',
      message: /ovm\.yaml:1: disks must be array/,
      hint: /./,
    },
    { what: 'what is not YAML', yaml: 'kernel: [\n', message: /ovm\.yaml.*line 2/s, hint: /YAML/ },
  ]) {
    test(`${what} in a build file is refused with its line and a next step`, async () => {
      await using home = await newHome()
      await writeFile(home.path('ovm.yaml'), yaml)
      const error = await home.refuses('build-file-invalid', ['build', '-t', 'web:1'])
      assert.match(error.message, message)
      assert.match(error.hint ?? '', hint)
    })
  }

  for (const { what, code, words } of [
    { what: 'no build file and no parts', code: 'usage', words: ['-t', 'web:1'] },
    { what: 'no name', code: 'usage', words: ['--kernel', 'kernel'] },
    {
      what: 'a kernel that is not there',
      code: 'file-unreadable',
      words: ['-t', 'a:1', '--kernel', 'nowhere'],
    },
    { what: 'a kernel that is a folder', code: 'file-unreadable', words: ['-t', 'a:1', '--kernel', '.'] },
    { what: 'a bad name', code: 'reference-invalid', words: ['-t', 'A B', '--kernel', 'kernel'] },
    { what: 'nothing that boots', code: 'build-file-invalid', words: ['-t', 'a:1', '-f', 'empty.yaml'] },
    {
      what: 'a base that is not here',
      code: 'reference-unknown',
      words: ['-t', 'a:1', '--from', 'nobody:1', '--disk', 'disk.raw'],
    },
    {
      what: 'a raw layer above another',
      code: 'disk-refused',
      words: ['-t', 'a:1', '--disk', 'top.qcow2', '--disk', 'disk.raw'],
    },
    {
      what: 'a disk that is not what it is said to be',
      code: 'disk-invalid',
      words: ['-t', 'a:1', '--disk', 'disk.raw:qcow2'],
    },
  ] as const) {
    test(`build refuses ${what} and leaves nothing behind`, async () => {
      await using home = await newHome()
      await writeParts(home)
      await writeFile(home.path('empty.yaml'), 'name: empty\n')
      await home.refuses(code, ['build', ...words])
      assert.deepEqual(await home.json('ls'), [])
      await home.json('prune')
      assert.equal((await blobsOf(home)).size, 0)
    })
  }

  test('a build prints name, digest and size; with -q the digest alone', async () => {
    await using home = await newHome()
    await writeParts(home)
    const line = await home.ok('build', '-t', 'web:1', ...FLAGS)
    assert.match(line, /^web:1 {2}sha256:[0-9a-f]{64} {2}[\d.]+ MiB$/)
    const quiet = await home.run(['build', '-t', 'web:1', ...FLAGS, '-q'])
    assert.match(quiet.stdout, /^sha256:[0-9a-f]{64}\n$/)
    assert.equal(quiet.stderr, '')
  })
})

/** Inode of each blob of the store, by name. */
async function blobsOf({ home }: OvmHome): Promise<ReadonlyMap<string, number>> {
  const folder = join(home, 'blobs/sha256')
  const names = await readdir(folder).catch(() => [])
  return new Map(
    await Promise.all(names.map(async (name) => [name, (await stat(join(folder, name))).ino] as const)),
  )
}
