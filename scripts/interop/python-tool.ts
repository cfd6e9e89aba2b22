import { existsSync } from 'node:fs'
import { mkdtempDisposable, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { command } from '../command.ts'
import { findCommand } from '../setup/look.js'
import { missing, type Tool } from './table.ts'

/** A Python library in a folder of its own, which PYTHONPATH may name; `requirement` as in `pip install`. */
export async function installPythonTool(name: string, requirement: string, folder: string): Promise<Tool> {
  const path = join(folder, requirement.replace('==', '-'))
  if (existsSync(path)) return { is: 'found', name, path }
  if (findCommand('python3') === undefined) return missing(name, 'Python is not installed')
  console.error(`interop: installing ${name} (only this once)`)
  await using work = await mkdtempDisposable(`${path}.unfinished-`)
  const target = join(work.path, 'library')
  const options = ['--quiet', '--disable-pip-version-check', '--no-compile', '--target', target]
  try {
    await command('python3', ['-m', 'pip', 'install', ...options, requirement])
    await rename(target, path)
    return { is: 'installed', name, path }
  } catch (error) {
    return missing(name, error)
  }
}
