import { equal, match, ok } from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { COPIERS } from './support/copiers.ts'
import { type CuttingProxy, cuttingProxy } from './support/cutting-proxy.ts'
import { ovm, refusal } from './support/ovm.ts'
import { REGISTRIES, type ServedRegistry } from './support/registries.ts'
import { buildTiny, type Tiny } from './support/tiny.ts'
import { lacks } from './support/tools.ts'

const MIB = 1024 * 1024

for (const { registry, absent, serve } of REGISTRIES) {
  describe(`On a line to ${registry} that breaks half-way`, { skip: absent }, () => {
    let tiny: Tiny
    let served: ServedRegistry
    let proxy: CuttingProxy
    let reference: string
    before(async () => {
      ;[tiny, served] = await Promise.all([buildTiny(), serve()])
      proxy = await cuttingProxy(served.address)
      await ovm(tiny.home, 'push', tiny.name, `${served.address}/demo/tiny:1`)
      reference = `${proxy.address}/demo/tiny:1`
    })
    after(async () => {
      await proxy[Symbol.asyncDispose]()
      await served[Symbol.asyncDispose]()
      await tiny[Symbol.asyncDispose]()
    })

    test('ovm pull goes on by itself, with a range', async () => {
      const home = tiny.fresh('home')
      const from = proxy.requests.length
      proxy.cutAfter(6 * MIB, { once: true })
      const { digest } = await ovm(home, 'pull', reference)
      equal(digest, tiny.digest)
      match(proxy.requests.slice(from).join('\n'), rangeOf(tiny))
      equal((await ovm(home, 'validate', reference)).valid, true)
    })

    test('ovm pull says so when the line stays broken, and the next pull fetches only the rest', async () => {
      const home = tiny.fresh('home')
      proxy.cutAfter(6 * MIB)
      const { code, hint } = await refusal(home, 'pull', reference)
      equal(code, 'transfer-interrupted')
      match(hint, /same command again/)

      proxy.heal()
      const from = proxy.requests.length
      const { digest, fetched, present } = await ovm(home, 'pull', reference)
      equal(digest, tiny.digest)
      ok(present > 5 * MIB, `${present} bytes were kept`)
      ok(fetched < 11 * MIB, `${fetched} bytes were fetched again`)
      match(proxy.requests.slice(from).join('\n'), rangeOf(tiny))
      equal((await ovm(home, 'validate', reference)).valid, true)
    })

    for (const { tool, toLayout } of COPIERS.filter(({ tool }) => tool === 'regctl')) {
      test(`${tool} goes on as well, with a range of its own`, { skip: lacks(tool) }, async () => {
        const layout = tiny.fresh('layout')
        const from = proxy.requests.length
        proxy.cutAfter(6 * MIB, { once: true })
        await toLayout(reference, layout)
        match(proxy.requests.slice(from).join('\n'), rangeOf(tiny))
        equal((await ovm(tiny.fresh('home'), 'validate', layout)).digest, tiny.digest)
      })
    }
  })
}

/** A request for the end of the largest blob, which is on its way when the line breaks. */
function rangeOf({ blobs }: Tiny): RegExp {
  return new RegExp(`GET /v2/demo/tiny/blobs/${blobs['kernel']} bytes=[1-9]\\d+-`)
}
