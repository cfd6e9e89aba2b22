import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ContentSource } from '../../src/content/ports.ts'
import { readVerified } from '../../src/content/verified.ts'
import { EMPTY_CONFIG } from '../../src/model/oci-manifest.ts'
import { readArtifact } from '../../src/packaging/artifact.ts'
import { filesBelow } from './folders.ts'

const ALL = { maximum: Number.POSITIVE_INFINITY }

/** Proves that a name leads to an artifact of which every byte is there and right. */
export async function requireWhole(source: ContentSource, name: string): Promise<void> {
  const { root, manifestBlob, blobs } = await readArtifact(source, await source.resolve(name))
  for (const blob of [root, manifestBlob, EMPTY_CONFIG.descriptor, ...blobs])
    await readVerified(source, blob, ALL)
}

/** Proves that every blob that is visible in a layout has the bytes of its name. */
export async function requireHonest(root: string): Promise<void> {
  for (const file of await filesBelow(join(root, 'blobs'))) {
    const [algorithm = '', hex] = file.split('/')
    assert.equal(
      createHash(algorithm)
        .update(await readFile(join(root, 'blobs', file)))
        .digest('hex'),
      hex,
    )
  }
}
