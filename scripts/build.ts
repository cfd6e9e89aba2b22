import { spawnSync } from 'node:child_process'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { projectFolder, replaceFolder } from './folders.ts'

/**
 * Builds the package: JavaScript and types of all that its entries lead to, and the program made executable. What
 * stands in `dist/` is always whole, so that several may build at once.
 */
await replaceFolder(join(projectFolder, 'dist'), async (folder) => {
  const words = ['-p', 'tsconfig.build.json', '--outDir', folder]
  const { status } = spawnSync('node_modules/.bin/tsc', words, { cwd: projectFolder, stdio: 'inherit' })
  if (status !== 0) throw new Error('The sources do not compile')
  await chmod(join(folder, 'ovm.js'), 0o755)
})
console.log('dist/ built')
