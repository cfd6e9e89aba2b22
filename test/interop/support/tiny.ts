import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { projectFolder } from '../../../scripts/folders.ts'
import { buildTinyGuest } from '../../../scripts/guest/tiny.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { ovm } from './ovm.ts'

/** What the tiny guest prints when it is up. */
export const READY = 'OVMS-TINY-READY'

/** Tests of one file that run at the same time: mostly they wait for a guest, a disk or a tool. */
export const AT_ONCE = 4

/** The tiny guest as an artifact in a store of its own. */
export interface Tiny extends AsyncDisposable {
  /** Of the test alone; goes with it. */
  readonly folder: string
  readonly home: string
  readonly name: string
  readonly digest: string
  /** Title → digest of each blob, the OVMS manifest among them. */
  readonly blobs: Readonly<Record<string, string>>
  /** An OVM_HOME, or any folder, that is not there yet. */
  fresh(name: string): string
}

export async function buildTiny(): Promise<Tiny> {
  await using undo = new AsyncDisposableStack()
  const { path: folder } = undo.use(await temporaryFolder())
  await buildTinyGuest()
  const [home, name] = [join(folder, 'home'), 'tiny:1']
  await ovm(home, 'build', '-f', join(projectFolder, 'examples/tiny/ovm.yaml'), '-t', name)
  const { digest, blobs, manifest_blob: manifest } = await ovm(home, 'inspect', name)
  const titled = [manifest, ...blobs].map((blob) => [blob.annotations[TITLE], blob.digest])
  let count = 0
  const fresh = (word: string) => join(folder, `${word}-${++count}`)
  const end = undo.move()
  const dispose = () => end.disposeAsync()
  return {
    folder,
    home,
    name,
    digest,
    blobs: Object.fromEntries(titled),
    fresh,
    [Symbol.asyncDispose]: dispose,
  }
}

const TITLE = 'org.opencontainers.image.title'

/** The files of the tiny guest in one folder, beside a manifest.json that names them, as somebody has them before a push. */
export async function looseFiles({ home, name }: Tiny, folder: string): Promise<void> {
  const { directory } = await buildTinyGuest()
  const { manifest } = await ovm(home, 'inspect', name)
  await mkdir(folder, { recursive: true })
  for (const part of PARTS) await copyFile(join(directory, part), join(folder, part))
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest, null, 2))
}

export const PARTS = ['kernel', 'initrd', 'base.qcow2', 'top.qcow2'] as const
