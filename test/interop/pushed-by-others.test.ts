import { deepEqual, equal } from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { COPIERS, regctl, skopeo } from './support/copiers.ts'
import { ovm } from './support/ovm.ts'
import { REGISTRIES, type ServedRegistry } from './support/registries.ts'
import { AT_ONCE, buildTiny, type Tiny } from './support/tiny.ts'
import { lacks, run, type ToolName } from './support/tools.ts'

/** Each makes the tag `index` of a repository an index whose only entry is the tag `1`. */
const INDEXERS: readonly { tool: ToolName; index: (repository: string) => Promise<string> }[] = [
  {
    tool: 'oras',
    index: (repository) =>
      run('oras', ['manifest', 'index', 'create', '--plain-http', `${repository}:index`, '1']),
  },
  {
    tool: 'crane',
    index: (repository) =>
      run('crane', ['index', 'append', '--insecure', '-m', `${repository}:1`, '-t', `${repository}:index`]),
  },
  {
    tool: 'regctl',
    index: (repository) => {
      const entry = ['--ref', `${repository}:1`, '--desc-platform', 'linux/amd64']
      return regctl(repository, 'index', 'create', `${repository}:index`, ...entry)
    },
  },
]

/** The store of ovm is an OCI image layout: others read it as it lies, while ovm may be using it. */
for (const { registry, absent, serve } of REGISTRIES) {
  describe(`What others push from the store of ovm to ${registry}`, {
    skip: absent,
    concurrency: AT_ONCE,
  }, () => {
    let tiny: Tiny
    let served: ServedRegistry
    before(async () => {
      ;[tiny, served] = await Promise.all([buildTiny(), serve()])
    })
    after(async () => {
      await served[Symbol.asyncDispose]()
      await tiny[Symbol.asyncDispose]()
    })

    for (const { tool, toRegistry, between, tagsOf } of COPIERS) {
      test(`is pulled and verified, as ${tool} writes it`, { skip: lacks(tool) }, async () => {
        const reference = `${served.address}/theirs/${tool}:1`
        await toRegistry({ folder: tiny.home, name: tiny.name, digest: tiny.digest }, reference)
        const home = tiny.fresh('home')
        equal((await ovm(home, 'pull', reference)).digest, tiny.digest)
        equal((await ovm(home, 'validate', reference)).valid, true)
      })

      test(`is pulled and verified, as ${tool} copies it between repositories`, {
        skip: lacks(tool),
      }, async () => {
        const from = `${served.address}/from/${tool}`
        const to = `${served.address}/to/${tool}`
        await ovm(tiny.home, 'push', tiny.name, `${from}:1`)
        await between(`${from}:1`, `${to}:2.0`)
        await between(`${from}:1`, `${to}:1.0`)
        deepEqual(await tagsOf(to), ['1.0', '2.0'])
        await pullsWhole(tiny, `${to}:2.0`)
      })
    }

    for (const { tool, index } of INDEXERS) {
      test(`is chosen from an index that ${tool} made`, { skip: lacks(tool) }, async () => {
        const repository = `${served.address}/index/${tool}`
        await ovm(tiny.home, 'push', tiny.name, `${repository}:1`)
        await index(repository)
        await pullsWhole(tiny, `${repository}:index`)
      })
    }

    test('is found by skopeo under the full name that pull gave it', { skip: lacks('skopeo') }, async () => {
      const [from, home] = [`${served.address}/full/name:1`, tiny.fresh('home')]
      await ovm(tiny.home, 'push', tiny.name, from)
      await ovm(home, 'pull', from)
      const to = `${served.address}/full/other:1`
      await skopeo('copy', '--dest-tls-verify=false', `oci:${home}:${from}`, `docker://${to}`)
      await pullsWhole(tiny, to)
    })
  })
}

/** Validation fetches what is not here, and reads every byte of it. */
async function pullsWhole(tiny: Tiny, reference: string): Promise<void> {
  const { digest, valid } = await ovm(tiny.fresh('home'), 'validate', reference)
  deepEqual({ digest, valid }, { digest: tiny.digest, valid: true })
}
