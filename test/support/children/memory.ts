/** FOLDER BYTES: puts, pushes and pulls one blob of so many bytes. Prints by how much each let the process grow, at most. */
import { join } from 'node:path'
import type { Bytes } from '../../../src/base/streams.ts'
import { copy } from '../../../src/content/copy.ts'
import { LayoutStore } from '../../../src/layout/layout-store.ts'
import { Digester } from '../../../src/model/digest.ts'
import { parseReference, type RemoteReference } from '../../../src/model/reference.ts'
import { pull } from '../../../src/packaging/obtain.ts'
import { noise, putArtifact, sampleArtifact } from '../blobs.ts'
import { startRegistry } from '../registries.ts'

const [folder = '', size = ''] = process.argv.slice(2)
const CHUNK = noise(64 * 1024)
const count = Number(size) / CHUNK.length
const grown: Record<string, number> = {}

const store = await LayoutStore.create(join(folder, 'store'))
const digester = new Digester()
for (let index = 0; index < count; index++) digester.update(CHUNK)
const disk = { mediaType: 'application/octet-stream', digest: digester.digest(), size: Number(size) }
await measured('put', () => store.put(disk, async (from) => chunks(from)))

const annotations = { 'org.opencontainers.image.title': 'disk.raw', 'ovms.format': 'raw' }
const artifact = sampleArtifact({
  more: { diskLayers: [{ ref: disk.digest, format: 'raw' }] },
  layers: [{ ...disk, annotations }],
})
await putArtifact(store, artifact, 'demo:1')
await using registry = await startRegistry()
const repository = registry.repository('demo')
await measured('push', () => copy({ store, name: 'demo:1' }, { store: repository, name: '1' }))
const target = await LayoutStore.create(join(folder, 'target'))
const reference = parseReference(`${registry.address}/demo:1`) as RemoteReference
await measured('pull', () => pull({ store: target, openRepository: registry.openRepository }, reference))
console.log(JSON.stringify(grown))

async function measured(what: string, work: () => Promise<unknown>): Promise<void> {
  const before = process.memoryUsage.rss()
  let most = before
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss())
  }, 10)
  await work().finally(() => clearInterval(timer))
  grown[what] = most - before
}

async function* chunks(from: number): Bytes {
  for (let index = from / CHUNK.length; index < count; index++) yield CHUNK
}
