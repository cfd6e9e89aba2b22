import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtempDisposable, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { command } from '../command.ts'
import { projectFolder, unlessAbsent } from '../folders.ts'
import { findCommand } from '../setup/look.js'
import { missing, type Tool } from './table.ts'

/** `source` is a Go package with its version, as in `go install`. */
export async function installGoTool(name: string, source: string, folder: string): Promise<Tool> {
  const path = join(folder, name)
  if (await fits(path, source.split('@')[1])) return { is: 'found', name, path }
  const elsewhere = findCommand(name)
  if (elsewhere !== undefined) return { is: 'found', name, path: elsewhere }
  return build(path, name, (work) =>
    command('go', ['install', source], { env: { ...goEnvironment, GOBIN: work } }),
  )
}

/** The small program under test/interop/oras: the library of the oras command, with its two main verbs. */
export async function buildOurOras(folder: string): Promise<Tool> {
  const [name, path] = ['ovms-oras', join(folder, 'ovms-oras')]
  const stamp = await sourceStamp()
  const builtBefore = await readFile(`${path}.sha256`, 'utf8').catch(unlessAbsent)
  if (builtBefore === stamp && existsSync(path)) return { is: 'found', name, path }
  const options = { cwd: orasSource, env: goEnvironment }
  const tool = await build(path, name, (work) =>
    command('go', ['build', '-o', join(work, name), '.'], options),
  )
  if (tool.is === 'built') await writeFile(`${path}.sha256`, stamp)
  return tool
}

const orasSource = join(projectFolder, 'test/interop/oras')

/** Without cgo no C compiler is needed, and the programs run in any container. */
const goEnvironment = { CGO_ENABLED: '0' }

/** Builds beside the target and renames, so that what has the name is always whole. */
async function build(path: string, name: string, run: (work: string) => Promise<unknown>): Promise<Tool> {
  if (findCommand('go') === undefined) return missing(name, 'Go is not installed')
  console.error(`interop: building ${name} (only this once)`)
  await using work = await mkdtempDisposable(`${path}.unfinished-`)
  try {
    await run(work.path)
    await rename(join(work.path, name), path)
    return { is: 'built', name, path }
  } catch (error) {
    return missing(name, error)
  }
}

/** A program of another version is built anew, unless there is no Go to do it with. */
async function fits(path: string, version: string | undefined) {
  if (!existsSync(path)) return false
  if (findCommand('go') === undefined) return true
  const facts = await command('go', ['version', '-m', path])
  return /^\tmod\t\S+\t(\S+)/m.exec(facts)?.[1] === version
}

async function sourceStamp() {
  const hash = createHash('sha256')
  for (const name of ['main.go', 'go.mod', 'go.sum']) hash.update(await readFile(join(orasSource, name)))
  return hash.digest('hex')
}
