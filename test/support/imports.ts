import { globSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'

export interface Import {
  /** File that imports, below `src/`. */
  readonly from: string
  /** File below `src/` that is imported, or the name of an npm package or `node:` module. */
  readonly to: string
  readonly isOurs: boolean
}

/** Static imports and exports, types among them, `import()`, and `createRequire(…)('…')`. */
const IMPORTS = [
  /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^\s*import\s*['"]([^'"]+)['"]/gm,
  /\bimport\(\s*['"]([^'"]+)['"]/g,
  /\bcreateRequire\([^()]*\)\(\s*['"]([^'"]+)['"]/g,
]

/** Every source file below `root`, tests left out, with `/` between its parts. */
export function sourceFiles(root: string): readonly string[] {
  return globSync('**/*.ts', { cwd: root })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !file.endsWith('.test.ts'))
    .toSorted()
}

/** What the files below `root` import. */
export function importsBelow(root: string): readonly Import[] {
  return sourceFiles(root).flatMap((from) =>
    importsIn(readFileSync(`${root}/${from}`, 'utf8')).map((wanted) => {
      const isOurs = wanted.startsWith('.')
      return { from, isOurs, to: isOurs ? posix.join(posix.dirname(from), wanted) : wanted }
    }),
  )
}

/** The module names that a text imports. */
export function importsIn(text: string): readonly string[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
  return IMPORTS.flatMap((pattern) => [...code.matchAll(pattern)].map(([, name = '']) => name))
}
