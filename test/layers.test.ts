import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { LAYERS, PACKAGES, WIRING } from '../src/layers.ts'
import { importsBelow, importsIn, sourceFiles } from './support/imports.ts'

const root = `${import.meta.dirname}/../src`

/** Lines from which on a file wants to be two. */
const MAX_LINES = 300

test('every import of src goes along an arrow of src/layers.ts', () => {
  const broken = importsBelow(root)
    .filter(({ isOurs, from }) => isOurs && !isWiring(from))
    .map((each) => ({ ...each, arrow: [folderOf(each.from), folderOf(each.to)] as const }))
    .filter(({ arrow: [from, to] }) => from !== to && !LAYERS[from]?.includes(to))
    .map(({ from, to, arrow }) => `src/${from} imports src/${to}: ${arrow.join(' → ')} is not allowed`)
  assert.deepEqual(broken, [])
})

test('every folder of src stands in src/layers.ts', () => {
  const unknown = sourceFiles(root).filter(
    (file) => file.includes('/') && !isWiring(file) && !(folderOf(file) in LAYERS),
  )
  assert.deepEqual(unknown, [])
})

test('the arrows of src/layers.ts have no cycle', () => {
  assert.equal(findCycle(LAYERS), undefined)
})

test('the folders of src import each other without a cycle', () => {
  const arrows: Record<string, string[]> = {}
  for (const { from, to, isOurs } of importsBelow(root)) {
    if (!isOurs || !from.includes('/') || folderOf(from) === folderOf(to)) continue
    arrows[folderOf(from)] = [...(arrows[folderOf(from)] ?? []), folderOf(to)]
  }
  assert.equal(findCycle(arrows), undefined)
})

test('the small folders use no npm packages but those src/layers.ts names', () => {
  const foreign = importsBelow(root)
    .filter(({ isOurs, to }) => !isOurs && !to.startsWith('node:'))
    .filter(({ from, to }) => {
      const allowed = PACKAGES[folderOf(from)]
      return allowed !== undefined && !allowed.includes(to)
    })
    .map(({ from, to }) => `src/${from} imports ${to}`)
  assert.deepEqual(foreign, [])
})

test('the conformance suite imports nothing from src', () => {
  const reaching = importsBelow(`${root}/../conformance`)
    .filter(({ isOurs, to }) => isOurs && to.startsWith('../'))
    .map(({ from, to }) => `conformance/${from} imports ${to}`)
  assert.deepEqual(reaching, [])
})

test(`no file of src has more than ${MAX_LINES} lines`, () => {
  const long = sourceFiles(root)
    .map((file) => ({ file, lines: readFileSync(`${root}/${file}`, 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines > MAX_LINES)
    .map(({ file, lines }) => `src/${file} has ${lines} lines`)
  assert.deepEqual(long, [])
})

test('every way to import is seen', () => {
  const text = [
    "import a from 'a'",
    "import type { B } from 'b'",
    "import {\n  type C,\n  c,\n} from 'c'",
    "export { d } from 'd'",
    "import 'e'",
    "const f = await import('f')",
    "type G = import('g').G",
    "createRequire(import.meta.url)('h')",
    "// import x from 'x'",
    "/** import y from 'y' */",
  ].join('\n')
  assert.deepEqual(importsIn(text).toSorted(), ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'])
})

function isWiring(file: string): boolean {
  return WIRING.some((each) => file === each || file.startsWith(`${each}/`))
}

/** The longest folder of the layers that holds a file; its first folder where there is none. */
function folderOf(file: string): string {
  const known = Object.keys(LAYERS).filter((folder) => file.startsWith(`${folder}/`))
  return known.toSorted((a, b) => b.length - a.length)[0] ?? file.replace(/\/.*/, '')
}

/** Folders that lead back to the first of them, if there are any. */
function findCycle(arrows: Readonly<Record<string, readonly string[]>>): string | undefined {
  const done = new Set<string>()
  const visit = (folder: string, path: readonly string[]): string | undefined => {
    if (path.includes(folder)) return [...path.slice(path.indexOf(folder)), folder].join(' → ')
    if (done.has(folder)) return undefined
    done.add(folder)
    for (const next of arrows[folder] ?? []) {
      const cycle = visit(next, [...path, folder])
      if (cycle) return cycle
    }
    return undefined
  }
  return Object.keys(arrows)
    .map((folder) => visit(folder, []))
    .find((cycle) => cycle !== undefined)
}
