import { copyFile, cp, mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf } from '../../src/model/digest.ts'
import { MEDIA_TYPES } from '../../src/model/media-types.ts'
import { ociPlatform } from '../../src/model/platform.ts'
import type { OvmHome } from './ovm.ts'

/** Lays an artifact of the store out as `manifest.json` beside `blobs/sha256-<hex>`. */
export async function unpack(home: OvmHome, name: string, target: string): Promise<void> {
  const { manifest_blob: manifest, blobs } = await home.json('inspect', name)
  const source = (digest: string) => join(home.home, 'blobs', digest.replace(':', '/'))
  await mkdir(join(target, 'blobs'), { recursive: true })
  await copyFile(source(manifest.digest), join(target, 'manifest.json'))
  for (const { digest } of blobs)
    await copyFile(source(digest), join(target, 'blobs', digest.replace(':', '-')))
}

/** A layout with one entry, an index of artifacts of the store for several architectures. */
export async function layoutWithIndex(
  home: OvmHome,
  digests: Readonly<Record<string, string>>,
  target: string,
): Promise<void> {
  await cp(home.home, target, { recursive: true, filter: (path) => !path.includes('/run') })
  const manifests = await Promise.all(
    Object.entries(digests).map(async ([arch, digest]) => ({
      mediaType: MEDIA_TYPES.ociManifest,
      digest,
      size: (await stat(join(home.home, 'blobs', digest.replace(':', '/')))).size,
      platform: ociPlatform(arch),
    })),
  )
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests }))
  const digest = digestOf(index)
  await writeFile(join(target, 'blobs', digest.replace(':', '/')), index)
  const entry = { mediaType: MEDIA_TYPES.ociIndex, digest, size: index.length }
  await writeFile(
    join(target, 'index.json'),
    JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [entry] }),
  )
}
