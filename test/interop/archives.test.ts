import { equal } from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { command } from '../../scripts/command.ts'
import { startRegistry, type TestRegistry } from '../support/registries.ts'
import { COPIERS, regctl, skopeo } from './support/copiers.ts'
import { ovm } from './support/ovm.ts'
import { buildTiny, type Tiny } from './support/tiny.ts'
import { lacks } from './support/tools.ts'

describe('An archive that ovm saved', () => {
  let tiny: Tiny
  let registry: TestRegistry
  let archive: string
  before(async () => {
    ;[tiny, registry] = await Promise.all([buildTiny(), startRegistry()])
    archive = join(tiny.folder, 'saved.tar')
    await ovm(tiny.home, 'save', tiny.name, '-o', archive)
  })
  after(async () => {
    await registry[Symbol.asyncDispose]()
    await tiny[Symbol.asyncDispose]()
  })

  test('is read by skopeo, by name and as the only one in it', { skip: lacks('skopeo') }, async () => {
    for (const source of [`${archive}:${tiny.name}`, archive]) {
      const reference = `${registry.address}/from/skopeo:1`
      await skopeo('copy', '--dest-tls-verify=false', `oci-archive:${source}`, `docker://${reference}`)
      equal((await registry.repository('from/skopeo').resolve('1')).digest, tiny.digest)
    }
  })

  test('is imported by regctl', { skip: lacks('regctl') }, async () => {
    const reference = `${registry.address}/from/regctl:1`
    await regctl(reference, 'image', 'import', reference, archive)
    equal((await registry.repository('from/regctl').resolve('1')).digest, tiny.digest)
  })

  // crane reads no archives but those of docker, and oras none in which names have colons: they get the folder.
  for (const { tool, toRegistry } of COPIERS) {
    test(`is, unpacked with tar, a layout for ${tool}`, { skip: lacks(tool) }, async () => {
      const folder = tiny.fresh('unpacked')
      await mkdir(folder)
      await command('tar', ['-xf', archive, '-C', folder])
      const { name, digest } = tiny
      await toRegistry({ folder, name, digest }, `${registry.address}/unpacked/${tool}:1`)
      equal((await registry.repository(`unpacked/${tool}`).resolve('1')).digest, digest)
    })
  }
})
