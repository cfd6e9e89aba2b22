import { deepEqual, equal, match } from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { boot, ovm } from './support/ovm.ts'
import { PUSHERS } from './support/pushers.ts'
import { REGISTRIES, type ServedRegistry } from './support/registries.ts'
import { AT_ONCE, buildTiny, looseFiles, READY, type Tiny } from './support/tiny.ts'
import { lacks } from './support/tools.ts'

/**
 * The second `oras push` of the seed: manifest.json, kernel, initrd and disks as files, each with its media type, and
 * the artifact with its own. No ovm has seen the artifact before it is pulled.
 */
for (const { registry, absent, serve } of REGISTRIES) {
  describe(`Files pushed to ${registry}`, { skip: absent, concurrency: AT_ONCE }, () => {
    let tiny: Tiny
    let served: ServedRegistry
    before(async () => {
      ;[tiny, served] = await Promise.all([buildTiny(), serve()])
    })
    after(async () => {
      await served[Symbol.asyncDispose]()
      await tiny[Symbol.asyncDispose]()
    })

    for (const { tool, push } of PUSHERS) {
      test(`with ${tool} are pulled, verified and booted`, { skip: lacks(tool) }, async () => {
        const [folder, home] = [tiny.fresh('files'), tiny.fresh('home')]
        const reference = `${served.address}/seed/${tool}:1`
        await looseFiles(tiny, folder)
        await push(folder, reference)

        const remote = await ovm(home, 'inspect', reference)
        equal(remote.where, 'registry')
        deepEqual(titles(remote), [...Object.keys(tiny.blobs)])
        equal(remote.manifest.kernel.ref, tiny.blobs['kernel'])

        const { digest } = await ovm(home, 'pull', reference)
        equal(digest, remote.digest)
        const { valid, findings } = await ovm(home, 'validate', reference)
        deepEqual({ valid, findings }, { valid: true, findings: [] })
        match(await boot(home, reference), new RegExp(READY))
      })
    }
  })
}

// biome-ignore lint/suspicious/noExplicitAny: what `ovm inspect --json` prints
function titles({ manifest_blob: manifest, blobs }: any): string[] {
  // biome-ignore lint/suspicious/noExplicitAny: as above
  return [manifest, ...blobs].map((blob: any) => blob.annotations?.['org.opencontainers.image.title'])
}
