import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OvmsError } from '../base/error.ts'
import { type Bytes, collect, type Opener, openerOf } from '../base/streams.ts'
import type { Descriptor } from '../model/descriptor.ts'
import { type Algorithm, digestOf } from '../model/digest.ts'
import { jsonBytes } from '../model/json-document.ts'
import { MEDIA_TYPES } from '../model/media-types.ts'
import { EMPTY_CONFIG } from '../model/oci-manifest.ts'
import type { BlobStat, ContentStore } from './ports.ts'

/** An empty store of the kind under test, and the end of all that was started for it. */
export interface StoreUnderTest extends AsyncDisposable {
  readonly store: ContentStore & Partial<BlobStat>
}

/** How much of a blob is fetched before the tests of interruption interrupt. */
const SOME_BYTES = 200_000

/**
 * Everything `content/ports.ts` promises of a content store, as tests of `node:test`. Call it once for each store.
 *
 * @param open gives a new, empty store for each test
 */
export function contentStoreContract(name: string, open: () => Promise<StoreUnderTest>): void {
  const says = (sentence: string, check: (store: StoreUnderTest['store']) => Promise<void>) =>
    test(`${name} ${sentence}`, async () => {
      await using opened = await open()
      await check(opened.store)
    })

  for (const [what, sample] of Object.entries(samples())) {
    says(`gives back ${what} as it was put`, async (store) => {
      const { blob, bytes } = sample
      assert.equal(await store.has(blob), false)
      await store.put(blob, inPieces(bytes))
      assert.equal(await store.has(blob), true)
      assert.ok((await read(store, blob)).equals(bytes))
    })
  }

  says('opens a blob from any offset', async (store) => {
    const { blob, bytes } = sampleOf(noise(100_000))
    await store.put(blob, inPieces(bytes))
    for (const from of [1, 65_535, 65_536, 99_999])
      assert.ok((await read(store, blob, from)).equals(bytes.subarray(from)), `from ${from}`)
  })

  says('tells the size of a blob, where it can', async (store) => {
    const { blob, bytes } = sampleOf(noise(4321))
    if (!store.stat) return
    await refuses(store.stat(blob.digest), 'blob-unknown')
    await store.put(blob, openerOf(bytes))
    assert.equal((await store.stat(blob.digest)).size, 4321)
  })

  says('says that a blob is unknown when it is opened', async (store) => {
    const { blob } = sampleOf('never put')
    assert.equal(await store.has(blob), false)
    await refuses(read(store, blob), 'blob-unknown')
  })

  says('refuses bytes that have another digest, and keeps none', async (store) => {
    const { blob, bytes } = sampleOf(noise(100_000))
    const other = Buffer.from(bytes).fill(0, 50_000, 50_001)
    await refuses(store.put(blob, inPieces(other)), 'digest-mismatch')
    await isAbsent(store, blob)
  })

  says('refuses too few bytes, and keeps none', async (store) => {
    const { blob, bytes } = sampleOf(noise(100_000))
    await refuses(store.put(blob, inPieces(bytes.subarray(0, -1))), 'size-mismatch')
    await isAbsent(store, blob)
  })

  says('refuses too many bytes, and keeps none', async (store) => {
    const { blob, bytes } = sampleOf(noise(100_000))
    await refuses(store.put(blob, inPieces(Buffer.concat([bytes, Buffer.of(0)]))), 'size-mismatch')
    await isAbsent(store, blob)
  })

  says('refuses a size that is not that of the blob it has', async (store) => {
    const { blob, bytes } = sampleOf(noise(1000))
    await store.put(blob, openerOf(bytes))
    await refuses(store.put({ ...blob, size: 999 }, openerOf(bytes)), 'size-mismatch')
    assert.ok((await read(store, blob)).equals(bytes))
  })

  says('takes a blob again that it refused before', async (store) => {
    const { blob, bytes } = sampleOf(noise(100_000))
    await refuses(store.put(blob, inPieces(bytes.subarray(0, 50_000))), 'size-mismatch')
    await store.put(blob, inPieces(bytes))
    assert.ok((await read(store, blob)).equals(bytes))
  })

  says('takes a blob a second time', async (store) => {
    const { blob, bytes } = sampleOf(noise(1000))
    await store.put(blob, openerOf(bytes))
    await store.put(blob, openerOf(bytes))
    assert.ok((await read(store, blob)).equals(bytes))
  })

  says('takes the same blob from several at once', async (store) => {
    const { blob, bytes } = sampleOf(noise(600_000))
    await Promise.all([1, 2, 3, 4].map(() => store.put(blob, inPieces(bytes))))
    assert.ok((await read(store, blob)).equals(bytes))
  })

  says('tells of every byte it takes', async (store) => {
    const { blob, bytes } = sampleOf(noise(300_000))
    let told = 0
    const onBytes = (count: number) => {
      told += count
    }
    await store.put(blob, inPieces(bytes), { onBytes })
    assert.equal(told, 300_000)
  })

  says('takes nothing when the signal is aborted already', async (store) => {
    const { blob, bytes } = sampleOf(noise(1000))
    const signal = AbortSignal.abort(stop)
    assert.equal(await failureOf(store.put(blob, openerOf(bytes), { signal })), stop)
    await isAbsent(store, blob)
  })

  says(
    'ends with the reason of the signal when a put is interrupted, and takes the blob later',
    async (store) => {
      const { blob, bytes } = sampleOf(noise(1_000_000))
      const controller = new AbortController()
      const opener = inPieces(bytes, (sent) => sent >= SOME_BYTES && controller.abort(stop))
      const { signal } = controller
      assert.equal(await failureOf(store.put(blob, opener, { signal })), stop)
      await isAbsent(store, blob)
      await store.put(blob, inPieces(bytes))
      assert.ok((await read(store, blob)).equals(bytes))
    },
  )

  says('ends with the reason of the signal when reading is interrupted', async (store) => {
    const { blob, bytes } = sampleOf(noise(4_000_000))
    await store.put(blob, openerOf(bytes))
    const controller = new AbortController()
    const reading = async () => {
      for await (const _ of await store.open(blob, { signal: controller.signal })) controller.abort(stop)
    }
    assert.equal(await failureOf(reading()), stop)
  })

  says('passes on the error of a source, and keeps nothing visible', async (store) => {
    const { blob, bytes } = sampleOf(noise(1_000_000))
    const broken = new OvmsError('file-unreadable', 'The disk is gone')
    const opener = inPieces(bytes, (sent) => {
      if (sent >= SOME_BYTES) throw broken
    })
    assert.equal(await failureOf(store.put(blob, opener)), broken)
    await isAbsent(store, blob)
  })

  says('does not know a name that was not given', async (store) => {
    await refuses(store.resolve('nothing'), 'reference-unknown')
  })

  says('resolves a name to what it was given', async (store) => {
    const root = await putManifest(store, 'first')
    await store.tag('v1', root)
    const { mediaType, digest, size } = await store.resolve('v1')
    assert.deepEqual({ mediaType, digest, size }, root)
    assert.equal((await read(store, root)).length, root.size)
  })

  says('lets a name stand for something else, and two names for the same', async (store) => {
    const [first, second] = [await putManifest(store, 'first'), await putManifest(store, 'second')]
    await store.tag('v1', first)
    await store.tag('v1', second)
    await store.tag('latest', second)
    assert.equal((await store.resolve('v1')).digest, second.digest)
    assert.equal((await store.resolve('latest')).digest, second.digest)
  })

  says('gives no name to what it does not have', async (store) => {
    const { blob } = sampleOf('{}', MEDIA_TYPES.ociManifest)
    await refuses(store.tag('v1', blob), 'blob-unknown')
    await refuses(store.resolve('v1'), 'reference-unknown')
  })
}

/** The reason that the tests abort with: it must come out as it is. */
const stop = new OvmsError('interrupted', 'The test interrupts')

interface Sample {
  readonly blob: Descriptor
  readonly bytes: Buffer
}

function samples(): Record<string, Sample> {
  const holes = Buffer.concat([noise(70_000), Buffer.alloc(300_000), noise(5), Buffer.alloc(200_001)])
  return {
    'a few bytes': sampleOf('a few bytes'),
    'an empty blob': sampleOf(''),
    'a blob of more than a megabyte': sampleOf(noise(1_500_001)),
    'a blob with long runs of zeros': sampleOf(holes),
    'a blob named by sha512': sampleOf(noise(1000), 'sha512'),
  }
}

function sampleOf(content: Buffer | string, kind: Algorithm | string = 'sha256'): Sample {
  const bytes = Buffer.from(content)
  const algorithm = kind === 'sha512' ? 'sha512' : 'sha256'
  const mediaType = kind.includes('/') ? kind : 'application/octet-stream'
  return { bytes, blob: { mediaType, digest: digestOf(bytes, algorithm), size: bytes.length } }
}

/** Bytes of no pattern that are the same each time. */
function noise(size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  let state = size + 1
  for (let index = 0; index < size; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[index] = state >>> 24
  }
  return bytes
}

/** An opener that gives its bytes as a network would, and tells before each piece how many are gone. */
function inPieces(bytes: Uint8Array, onSent: (sent: number) => unknown = () => {}): Opener {
  return async (from) => pieces(bytes, from, onSent)
}

async function* pieces(bytes: Uint8Array, from: number, onSent: (sent: number) => unknown): Bytes {
  const PIECE_BYTES = 50_001
  for (let start = from; start < bytes.length; start += PIECE_BYTES) {
    await onSent(start)
    yield bytes.subarray(start, start + PIECE_BYTES)
  }
}

async function putManifest(store: ContentStore, name: string): Promise<Descriptor> {
  const config = EMPTY_CONFIG.descriptor
  const bytes = jsonBytes({ schemaVersion: 2, config, layers: [], annotations: { name } })
  const root = sampleOf(bytes, MEDIA_TYPES.ociManifest).blob
  await store.put(config, openerOf(EMPTY_CONFIG.bytes))
  await store.put(root, openerOf(bytes))
  return root
}

async function read(store: ContentStore, blob: Descriptor, from = 0): Promise<Buffer> {
  return collect(await store.open(blob, { from }), blob.size, blob.digest)
}

async function isAbsent(store: ContentStore, blob: Descriptor): Promise<void> {
  assert.equal(await store.has(blob), false)
  await refuses(read(store, blob), 'blob-unknown')
}

async function refuses(work: Promise<unknown>, code: string): Promise<void> {
  const error = await failureOf(work)
  assert.equal((error as { code?: unknown }).code, code, String(error))
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => assert.fail('It was accepted'),
    (error: unknown) => error,
  )
}
