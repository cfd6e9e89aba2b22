import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** Every file of the project, also one that is not committed yet; what git ignores is none. */
export const projectFiles: readonly string[] = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard'],
  { cwd: root, encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 },
)
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(root, path)) && statSync(join(root, path)).isFile())

/** Text of a project file. */
export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** The project files below a folder, with one of the endings. */
export function filesBelow(folder: string, ...endings: readonly string[]): readonly string[] {
  return projectFiles.filter(
    (path) => path.startsWith(folder) && endings.some((ending) => path.endsWith(ending)),
  )
}
