import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const projectFolder = fileURLToPath(new URL('..', import.meta.url))

/** Where what was fetched or built for this machine is kept between check-outs. */
export function cacheFolder(name: string) {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'ovms', name)
}

/** Fills a folder beside `target` and gives it that name only when all of it is there. */
export async function replaceFolder(target: string, fill: (folder: string) => Promise<void>) {
  await mkdir(dirname(target), { recursive: true })
  await sweep(target)
  const fresh = await mkdtemp(unfinished(target))
  try {
    await fill(fresh)
    await chmod(fresh, 0o755)
    await moveOver(fresh, target)
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
}

/** A folder cannot be renamed over a full one, so the old one steps aside first. */
async function moveOver(fresh: string, target: string) {
  const aside = await mkdtemp(unfinished(target))
  await rename(target, join(aside, 'old')).catch(unlessAbsent)
  await rename(fresh, target).catch(unlessTaken)
  await rm(aside, { recursive: true, force: true })
}

/** Another process that built the same thing may have been quicker by a moment: its folder is as good. */
function unlessTaken(error: NodeJS.ErrnoException) {
  if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
}

/** A build that was killed could not clean up behind itself. */
async function sweep(target: string) {
  const prefix = basename(unfinished(target))
  for (const name of await readdir(dirname(target))) {
    const path = join(dirname(target), name)
    if (name.startsWith(prefix) && (await ageMs(path)) > ABANDONED_MS) await rm(path, { recursive: true })
  }
}

async function ageMs(path: string) {
  const facts = await stat(path).catch(unlessAbsent)
  return facts ? Date.now() - facts.mtimeMs : 0
}

/** No build here takes longer than a minute. */
const ABANDONED_MS = 60 * 60 * 1000

function unfinished(target: string) {
  return join(dirname(target), `.${basename(target)}.unfinished-`)
}

export function unlessAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
