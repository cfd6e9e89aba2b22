import { randomFillSync } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { openerOf } from '../src/base/streams.ts'
import { LayoutStore } from '../src/layout/layout-store.ts'
import type { Descriptor } from '../src/model/descriptor.ts'
import { digestOf } from '../src/model/digest.ts'
import { jsonBytes } from '../src/model/json-document.ts'
import { ANNOTATIONS, MEDIA_TYPES } from '../src/model/media-types.ts'
import { EMPTY_CONFIG } from '../src/model/oci-manifest.ts'
import { ociManifestBytes } from '../src/packaging/oci-form.ts'

/** Puts an artifact of `count` layers of `size` random bytes into the store at `home`. @returns the files of its layers, and its digest */
export async function makeRandomArtifact(
  folder: string,
  home: string,
  { name, count, size }: { readonly name: string; readonly count: number; readonly size: number },
): Promise<{ readonly files: readonly string[]; readonly digest: string }> {
  await mkdir(join(folder, 'files'), { recursive: true })
  const files = Array.from({ length: count }, (_, index) => join(folder, 'files', `layer-${index}`))
  for (const file of files) await writeRandom(file, size)
  const store = await LayoutStore.create(home)
  await using lease = await store.lease()
  const blobs: Descriptor[] = []
  for (const [index, file] of files.entries()) {
    const { digest } = await lease.add(createReadStream(file, { highWaterMark: 2 ** 20 }))
    blobs.push({
      mediaType: MEDIA_TYPES.kernel,
      digest,
      size,
      annotations: { [ANNOTATIONS.title]: `layer-${index}` },
    })
  }
  const manifest = jsonBytes({
    schemaVersion: 1,
    mediaType: MEDIA_TYPES.ovmsManifest,
    name: 'random',
    version: '1',
    kernel: { ref: blobs[0]?.digest },
  })
  const manifestBlob = {
    mediaType: MEDIA_TYPES.ovmsManifest,
    digest: digestOf(manifest),
    size: manifest.length,
  }
  const root = ociManifestBytes(manifestBlob, blobs)
  const rootBlob = { mediaType: MEDIA_TYPES.ociManifest, digest: digestOf(root), size: root.length }
  await lease.put(EMPTY_CONFIG.descriptor, openerOf(EMPTY_CONFIG.bytes))
  await lease.put(manifestBlob, openerOf(manifest))
  await lease.put(rootBlob, openerOf(root))
  await lease.tag(name, rootBlob)
  return { files, digest: rootBlob.digest }
}

async function writeRandom(path: string, size: number): Promise<void> {
  await using file = await open(path, 'w')
  const block = Buffer.alloc(2 ** 20)
  for (let written = 0; written < size; written += block.length) await file.write(randomFillSync(block))
}
