import { existsSync } from 'node:fs'
import { mkdtempDisposable, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { command } from '../command.ts'
import { findCommand } from '../setup/look.js'
import { missing, type Tool } from './table.ts'

const VERSION = '0.2.43'

/** A folder for PYTHONPATH: the library with all it needs, and nothing else of this machine touched. */
export function orasPyFolder(tools: string) {
  return join(tools, `oras-py-${VERSION}`)
}

/** The Python twin of oras-go, which writes artifacts of an older form. */
export async function installOrasPy(folder: string): Promise<Tool> {
  const [name, path] = ['oras-py', orasPyFolder(folder)]
  if (existsSync(path)) return { is: 'found', name, path }
  if (findCommand('python3') === undefined) return missing(name, 'Python is not installed')
  console.error(`interop: installing ${name} (only this once)`)
  await using work = await mkdtempDisposable(`${path}.unfinished-`)
  const target = join(work.path, 'library')
  const options = ['--quiet', '--disable-pip-version-check', '--no-compile', '--target', target]
  try {
    await command('python3', ['-m', 'pip', 'install', ...options, `oras==${VERSION}`])
    await rename(target, path)
    return { is: 'installed', name, path }
  } catch (error) {
    return missing(name, error)
  }
}
