import { spawnSync } from 'node:child_process'
import { projectFolder } from './folders.ts'

const { status } = spawnSync('node_modules/.bin/biome', ['check', '--write', '.'], {
  cwd: projectFolder,
  stdio: 'inherit',
})
process.exitCode = status ?? 1
