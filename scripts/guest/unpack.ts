import { createWriteStream } from 'node:fs'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type Extract, extract } from 'tar-stream'
import { start, succeeded } from '../command.ts'
import { guestModules, missingModules } from './modules.ts'

/** Writes `kernel` and `modules/<name>.ko` of a Debian kernel package into `folder`. */
export async function unpackKernel(file: string, folder: string, signal?: AbortSignal) {
  const child = start('dpkg-deb', ['--fsys-tarfile', file], { signal })
  const archive = extract()
  const reading = pipeline(child.stdout, archive)
  const [found] = await Promise.all([pick(archive, folder), reading, succeeded(child)])
  const missing = [...missingModules(found), ...(found.includes('kernel') ? [] : ['a kernel'])]
  if (missing.length > 0) throw new Error(`${basename(file)} lacks ${missing.join(', ')}`)
}

async function pick(archive: Extract, folder: string) {
  const found: string[] = []
  for await (const entry of archive) {
    const target = targetOf(entry.header.name)
    if (target === undefined) {
      entry.resume()
    } else {
      await pipeline(entry, createWriteStream(join(folder, target)))
      found.push(basename(target, '.ko'))
    }
  }
  return found
}

/** Where a file of the package goes: only names of our own, whatever the archive says. */
function targetOf(path: string) {
  if (/^\.\/boot\/vmlinuz-[^/]+$/.test(path)) return 'kernel'
  const module = /^\.\/lib\/modules\/.*\/([^/]+)\.ko$/.exec(path)?.[1]?.replaceAll('-', '_')
  return module !== undefined && Object.hasOwn(guestModules, module) ? `modules/${module}.ko` : undefined
}
