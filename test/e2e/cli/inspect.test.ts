import assert from 'node:assert/strict'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { layoutWithIndex, unpack } from '../../support/layouts.ts'
import { newHome, type OvmHome } from '../../support/ovm.ts'
import { AT_ONCE, buildSample, writeParts } from './artifacts.ts'

describe('ovm inspect and validate', { concurrency: AT_ONCE }, () => {
  test('inspect draws the artifact as a tree', async () => {
    await using home = await newHome()
    const digest = await buildSample(home, 'web:1')
    const lines = (await home.ok('inspect', 'web:1')).split('\n')
    assert.equal(lines[0], `web:1  ${digest}  (store)`)
    assert.match(lines[1] ?? '', /^├─ machine {5}web 1$/)
    assert.ok(lines.includes('├─ arguments   console=ttyS0'))
    assert.match(
      lines.at(-1) ?? '',
      /^ {3}└─ disk\.raw {2}1\.00 MiB {2}application\/\S+ {2}sha256:[0-9a-f]{12}$/,
    )
  })

  test('inspect finds an artifact by the beginning of its digest, as ls shows it', async () => {
    await using home = await newHome()
    const digest = await buildSample(home, 'web:1')
    const shown = /[0-9a-f]{12}/.exec(await home.ok('ls'))?.[0] ?? ''
    for (const text of [shown, digest.slice(7, 14), digest])
      assert.equal(await home.ok('inspect', '-q', text), digest, text)
    await home.refuses('reference-unknown', ['inspect', shown.slice(0, 6)])
  })

  test('inspect reads an unpacked artifact and a layout at a path, and keeps neither', async () => {
    await using home = await newHome()
    await buildSample(home, 'web:1')
    const { manifest } = await home.json('inspect', 'web:1')
    await unpack(home, 'web:1', home.path('unpacked'))
    await using empty = await newHome()
    const unpacked = await empty.json('inspect', home.path('unpacked'))
    assert.equal(unpacked.where, 'path')
    assert.deepEqual(unpacked.manifest, manifest)
    assert.deepEqual((await empty.json('inspect', home.home)).manifest, manifest)
    assert.deepEqual(await empty.json('ls'), [])
  })

  test('inspect shows the platforms of an index and the part for the one that is asked for', async () => {
    await using home = await newHome()
    await writeParts(home)
    const digests: Record<string, string> = {}
    for (const arch of ['x86_64', 'aarch64'])
      digests[arch] = (
        await home.json('build', '-t', `${arch}:1`, '--kernel', 'kernel', '--arch', arch)
      ).digest
    await layoutWithIndex(home, digests, home.path('layout'))
    await home.json('load', '-i', 'layout', '-t', 'both:1')
    for (const [platform, arch] of [
      ['amd64', 'x86_64'],
      ['linux/arm64', 'aarch64'],
      ['aarch64', 'aarch64'],
    ] as const) {
      const shown = await home.json('inspect', 'both:1', '--platform', platform)
      assert.equal(shown.digest, digests[arch])
      assert.equal(shown.index.manifests.length, 2)
    }
    assert.match(await home.ok('inspect', 'both:1', '--platform', 'arm64'), /platforms\n.*linux\/amd64/)
    await home.refuses('artifact-unsupported', ['inspect', 'both:1', '--platform', 'riscv64'])
  })

  test('validate proves a good artifact, by name, digest and path', async () => {
    await using home = await newHome()
    const digest = await buildSample(home, 'web:1')
    await unpack(home, 'web:1', home.path('unpacked'))
    for (const text of ['web:1', digest, './unpacked']) {
      const report = await home.json('validate', text)
      assert.deepEqual([report.valid, report.findings], [true, []])
    }
    assert.equal(await home.ok('validate', 'web:1'), 'web:1 is valid')
    assert.equal(await home.ok('validate', '-q', 'web:1'), digest)
  })

  test('validate tells every broken rule, and exits with 4', async () => {
    await using home = await newHome()
    await buildSample(home, 'web:1')
    await unpack(home, 'web:1', home.path('unpacked'))
    await editManifest(home, (manifest) => ({
      ...manifest,
      diskLayers: [
        { ...manifest.diskLayers[0], size: 5 },
        { ...manifest.diskLayers[0], format: 'raw' },
      ],
    }))
    const { stdout } = await home.refuses('artifact-invalid', ['validate', './unpacked'])
    const { valid, findings } = JSON.parse(stdout)
    const rules = new Set(findings.map(({ rule }: { rule: string }) => rule))
    assert.equal(valid, false)
    assert.ok(rules.has('size-disagrees') && rules.has('raw-above-base'), [...rules].join())
  })

  test('validate reads every byte: one that changed in the store is found', async () => {
    await using home = await newHome()
    await buildSample(home, 'web:1')
    const { blobs } = await home.json('inspect', 'web:1')
    const path = join(home.home, 'blobs/sha256', blobs[2].digest.slice(7))
    const bytes = await readFile(path)
    bytes[1000] = (bytes[1000] ?? 0) ^ 1
    await chmod(path, 0o644)
    await writeFile(path, bytes)
    const { stdout } = await home.refuses('artifact-invalid', ['validate', 'web:1'])
    const { valid, findings } = JSON.parse(stdout)
    assert.equal(valid, false)
    assert.match(findings[0].message, /digest-mismatch/)
    assert.equal(findings[0].path, 'blobs.2')
  })

  test('validate checks a manifest.json alone against the schema', async () => {
    await using home = await newHome()
    await buildSample(home, 'web:1')
    const { manifest } = await home.json('inspect', 'web:1')
    await writeFile(home.path('good.json'), JSON.stringify({ ...manifest, unknown: true }))
    await writeFile(home.path('bad.json'), JSON.stringify({ ...manifest, name: 7 }))
    await writeFile(home.path('none.json'), '{')
    assert.equal((await home.json('validate', 'good.json')).valid, true)
    const { stdout } = await home.refuses('manifest-invalid', ['validate', 'bad.json'])
    assert.equal(JSON.parse(stdout).valid, false)
    await home.refuses('manifest-invalid', ['validate', 'none.json'])
    await home.refuses('file-unreadable', ['validate', 'nowhere.json'])
  })
})

// biome-ignore lint/suspicious/noExplicitAny: any manifest, also a broken one
async function editManifest(home: OvmHome, edit: (manifest: any) => object): Promise<void> {
  const path = home.path('unpacked/manifest.json')
  await writeFile(path, JSON.stringify(edit(JSON.parse(await readFile(path, 'utf8')))))
}
