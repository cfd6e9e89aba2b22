import { equal, match } from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { boot, ovm, refusal } from './support/ovm.ts'
import { REGISTRIES, type ServedRegistry } from './support/registries.ts'
import { AT_ONCE, buildTiny, looseFiles, READY, type Tiny } from './support/tiny.ts'
import { lacks, run } from './support/tools.ts'

const TYPE = 'application/vnd.ovms.manifest.v1+json'

/**
 * The first `oras push` of the seed: `oras push REF /path/to/ovm --media-type … --artifact-type …`. No oras has the
 * option --media-type; without it oras packs the folder into one compressed archive. That is no form to start a
 * machine from, because a disk is opened where it lies: pulling it must say so, before any byte of it is fetched, and
 * say what to do, which must then work.
 */
for (const { registry, absent, serve } of REGISTRIES) {
  describe(`A folder pushed whole to ${registry}`, { skip: absent, concurrency: AT_ONCE }, () => {
    let tiny: Tiny
    let served: ServedRegistry
    before(async () => {
      ;[tiny, served] = await Promise.all([buildTiny(), serve()])
    })
    after(async () => {
      await served[Symbol.asyncDispose]()
      await tiny[Symbol.asyncDispose]()
    })

    for (const tool of ['oras', 'ovms-oras'] as const) {
      test(`with ${tool} is refused as what it is, and valid when ${tool} has pulled it`, {
        skip: lacks(tool),
      }, async () => {
        const [parent, home, pulled] = [tiny.fresh('parent'), tiny.fresh('home'), tiny.fresh('pulled')]
        await looseFiles(tiny, join(parent, 'ovm'))
        const reference = `${served.address}/seed/${tool}:folder`
        const plain = tool === 'oras' ? ['--plain-http'] : []
        await run(tool, ['push', reference, 'ovm', '--artifact-type', TYPE, ...plain], parent)

        const before = served.requests.length
        const { code, message, hint } = await refusal(home, 'pull', reference)
        equal(code, 'artifact-unsupported')
        match(message, /packed folder/)
        match(hint, /oras pull.*ovm run/)
        equal(served.requests.slice(before).filter((line) => line.includes(`/${tool}/blobs/`)).length, 0)

        await mkdir(pulled)
        await run(tool, ['pull', reference, '-o', pulled, ...plain])
        equal((await ovm(home, 'validate', join(pulled, 'ovm'))).valid, true)
      })
    }
  })
}

test('The files of a machine boot from the folder they lie in, without a build', async () => {
  await using tiny = await buildTiny()
  const folder = tiny.fresh('files')
  await looseFiles(tiny, folder)
  match(await boot(tiny.fresh('home'), folder), new RegExp(READY))
})
