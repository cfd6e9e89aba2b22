import { spawnSync } from 'node:child_process'
import { chmodSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { projectFolder } from './folders.ts'

/** Builds the package: JavaScript and types of every module into `dist/`, and the program made executable. */
const dist = join(projectFolder, 'dist')
rmSync(dist, { recursive: true, force: true })
const { status } = spawnSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json'], {
  cwd: projectFolder,
  stdio: 'inherit',
})
if (status !== 0) process.exit(status ?? 1)
chmodSync(join(dist, 'ovm.js'), 0o755)
console.log('dist/ built')
