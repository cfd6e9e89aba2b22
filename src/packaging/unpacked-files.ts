import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { exists } from '../base/files.ts'
import type { Signalled } from '../base/signal.ts'
import { untilAbort } from '../base/streams.ts'
import { type Algorithm, algorithmOf, type Digest, Digester, hexOf } from '../model/digest.ts'

/**
 * Where the blobs of an unpacked artifact lie: as `blobs/sha256-<hex>`, or else beside the manifest under any name,
 * where a pull with a general tool leaves them; those are known by their bytes. A blob that is nowhere gets the first
 * place. spec/artifact.md
 */
export async function locateBlobs(
  folder: string,
  digests: readonly Digest[],
  options: Signalled = {},
): Promise<ReadonlyMap<Digest, string>> {
  const named = digests.map((digest) => [digest, namedPath(folder, digest)] as const)
  const missing: Digest[] = []
  for (const [digest, path] of named) if (!(await exists(path))) missing.push(digest)
  return new Map([...named, ...(await findLoose(folder, missing, options))])
}

function namedPath(folder: string, digest: Digest): string {
  return join(folder, 'blobs', `${algorithmOf(digest)}-${hexOf(digest)}`)
}

async function findLoose(
  folder: string,
  digests: readonly Digest[],
  options: Signalled,
): Promise<[Digest, string][]> {
  if (digests.length === 0) return []
  const algorithms = new Set(digests.map(algorithmOf))
  const entries = await readdir(folder, { withFileTypes: true })
  const found: [Digest, string][] = []
  // Neither a link, which may lead anywhere, nor a pipe, which never ends.
  for (const entry of entries.filter((each) => each.isFile())) {
    const path = join(folder, entry.name)
    for (const digest of await digestsOf(path, algorithms, options))
      if (digests.includes(digest)) found.push([digest, path])
  }
  return found
}

async function digestsOf(
  path: string,
  algorithms: ReadonlySet<Algorithm>,
  options: Signalled,
): Promise<Digest[]> {
  const digesters = [...algorithms].map((algorithm) => new Digester(algorithm))
  const bytes = untilAbort(createReadStream(path, { highWaterMark: READ_BYTES }), options)
  for await (const chunk of bytes) for (const digester of digesters) digester.update(chunk)
  return digesters.map((digester) => digester.digest())
}

const READ_BYTES = 1024 * 1024
