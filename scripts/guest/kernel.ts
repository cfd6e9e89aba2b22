import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { cacheFolder, replaceFolder, unlessAbsent } from '../folders.ts'
import { findCommand } from '../setup/look.js'
import { downloadPackage, findKernelPackage, type KernelPackage, updateLists } from './kernel-package.ts'
import { guestModules } from './modules.ts'
import { unpackKernel } from './unpack.ts'

export interface GuestKernel {
  /** Of the distribution's package. */
  readonly version: string
  /** Path of a bzImage. */
  readonly kernel: string
  /** Paths of `<name>.ko`, in loading order. */
  readonly modules: readonly string[]
}

/** A kernel out of the distribution's package, which is not installed: cached, so apt is asked only once. */
export async function guestKernel(signal?: AbortSignal): Promise<GuestKernel> {
  const cached = await newestCached()
  if (cached) return cached
  if (findCommand('apt-get') === undefined) throw new Error(NO_APT)
  try {
    return await fetchKernel(signal)
  } catch {
    // The lists of this machine may be absent, or so old that the package they name is gone.
    await updateLists(signal)
    return await fetchKernel(signal)
  }
}

const NO_APT =
  'The kernel of the example guest comes out of a Debian package, and this machine has no apt-get; ' +
  `run the same on a Debian 12 machine or container and copy its ${cacheFolder('guest')} here`

async function fetchKernel(signal?: AbortSignal) {
  const wanted = await findKernelPackage(signal)
  console.error(`guest: taking a kernel out of ${wanted.name} ${wanted.version} (only this once)`)
  const target = join(cacheFolder('guest'), wanted.version)
  await replaceFolder(target, (folder) => fetchInto(folder, wanted, signal))
  return readCached(target)
}

async function newestCached(): Promise<GuestKernel | undefined> {
  const root = cacheFolder('guest')
  const names = (await readdir(root).catch(unlessAbsent)) ?? []
  const versions = names.filter((name) => !name.startsWith('.')).sort(byVersion)
  for (const version of versions.reverse()) {
    const facts = await readFacts(join(root, version))
    if (String(facts?.modules) === String(Object.keys(guestModules))) return readCached(join(root, version))
  }
  return undefined
}

function byVersion(one: string, other: string) {
  return one.localeCompare(other, 'en', { numeric: true })
}

/** What a cached kernel was made from and with; another list of modules makes it useless. */
interface Facts {
  readonly package: KernelPackage
  readonly modules: readonly string[]
}

async function readFacts(folder: string) {
  const text = await readFile(join(folder, 'facts.json'), 'utf8').catch(unlessAbsent)
  return text === undefined ? undefined : (JSON.parse(text) as Facts)
}

async function readCached(folder: string): Promise<GuestKernel> {
  const files = await readdir(join(folder, 'modules'))
  const names = Object.keys(guestModules).filter((name) => files.includes(`${name}.ko`))
  return {
    version: basename(folder),
    kernel: join(folder, 'kernel'),
    modules: names.map((name) => join(folder, 'modules', `${name}.ko`)),
  }
}

async function fetchInto(folder: string, wanted: KernelPackage, signal?: AbortSignal) {
  const file = await downloadPackage(wanted, folder, signal)
  await mkdir(join(folder, 'modules'))
  await unpackKernel(file, folder, signal)
  await rm(file)
  const facts: Facts = { package: wanted, modules: Object.keys(guestModules) }
  await writeFile(join(folder, 'facts.json'), `${JSON.stringify(facts, null, 2)}\n`)
}
