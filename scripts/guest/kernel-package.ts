import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { command } from '../command.ts'

/** Always depends on the newest cloud kernel of the distribution, which is small and made for VMs. */
const NEWEST_CLOUD_KERNEL = 'linux-image-cloud-amd64'

export interface KernelPackage {
  readonly name: string
  readonly version: string
  readonly sha256: string
}

/** What apt's lists on this machine name as the newest. */
export async function findKernelPackage(signal?: AbortSignal): Promise<KernelPackage> {
  const depends = await command('apt-cache', ['depends', NEWEST_CLOUD_KERNEL], { signal })
  const name = /^ {2}Depends: (linux-image-\S+)$/m.exec(depends)?.[1]
  if (name === undefined) throw new Error(`apt names no kernel behind ${NEWEST_CLOUD_KERNEL}: ${depends}`)
  const facts = await command('apt-cache', ['show', '--no-all-versions', name], { signal })
  return { name, version: field(facts, 'Version'), sha256: field(facts, 'SHA256') }
}

/** Puts the package into `folder`, gives its path; the bytes are those the signed list promises. */
export async function downloadPackage(wanted: KernelPackage, folder: string, signal?: AbortSignal) {
  const download = ['download', `${wanted.name}=${wanted.version}`]
  await command('apt-get', download, { cwd: folder, signal })
  const file = (await readdir(folder)).find((name) => name.endsWith('.deb'))
  if (file === undefined) throw new Error(`apt-get ${download.join(' ')} left no package in ${folder}`)
  const sha256 = createHash('sha256').update(await readFile(join(folder, file)))
  const found = sha256.digest('hex')
  if (found !== wanted.sha256)
    throw new Error(`${file}: sha256 is ${found}, apt's list says ${wanted.sha256}`)
  return join(folder, file)
}

function field(facts: string, name: string) {
  const value = new RegExp(`^${name}: (.+)$`, 'm').exec(facts)?.[1]
  if (value === undefined) throw new Error(`apt-cache show gives no ${name}`)
  return value
}

export async function updateLists(signal?: AbortSignal) {
  console.error(`guest: asking apt for new package lists, to find ${NEWEST_CLOUD_KERNEL}`)
  const args = process.getuid?.() === 0 ? ['apt-get', 'update'] : ['sudo', '-n', 'apt-get', 'update']
  await command('env', args, { signal })
}
