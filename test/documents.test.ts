import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { isOvmsError } from '../src/base/error.ts'
import { ERROR_CODES } from '../src/base/error-codes.ts'
import { digestOf } from '../src/model/digest.ts'
import { parseOciIndex } from '../src/model/oci-index.ts'
import { parseOciManifest } from '../src/model/oci-manifest.ts'
import { parseOvmsManifest } from '../src/model/ovms-manifest.ts'
import { checkArtifact } from '../src/model/rules.ts'
import { EXAMPLE_KINDS, examplesIn } from './documents/examples.ts'
import { firstCells, Markdown } from './documents/markdown.ts'
import { filesBelow, projectFiles, read, root } from './documents/project.ts'
import { chapters, requirements, section } from './documents/specification.ts'

const documents = filesBelow('', '.md')

test('every JSON and YAML block of the specification says what it is', () => {
  const untagged = chapters
    .flatMap(examplesIn)
    .filter(({ kind }) => kind === undefined || !(kind in EXAMPLE_KINDS))
  assert.deepEqual(
    untagged.map(({ place, kind }) => `${place}: ${kind ?? 'no tag'}`),
    [],
  )
})

for (const { place, kind, text, invalid } of documents.flatMap(examplesIn)) {
  const parse = EXAMPLE_KINDS[kind ?? '']
  if (!parse) continue
  if (invalid === undefined) test(`${place} is a valid ${kind}`, () => void parse(text))
  else
    test(`${place} is refused as ${invalid}`, () => {
      assert.ok(invalid in ERROR_CODES, `${invalid} is no error code`)
      assert.throws(
        () => parse(text),
        (error) => isOvmsError(error) && error.code === invalid,
      )
    })
}

test('the worked example is one artifact: each document names the bytes of the one below it', () => {
  const [manifest, oci, index] = [
    firstExample('spec/manifest.md', 'ovms-manifest'),
    firstExample('spec/artifact.md', 'oci-manifest'),
    firstExample('spec/artifact.md', 'oci-index'),
  ]
  const { value: ociManifest } = parseOciManifest(oci)
  const [manifestBlob, ...blobs] = ociManifest.layers
  const [entry] = parseOciIndex(index).value.manifests
  assert.equal(manifestBlob?.digest, digestOf(manifest))
  assert.equal(manifestBlob?.size, manifest.length)
  assert.equal(entry?.digest, digestOf(oci))
  assert.equal(entry?.size, oci.length)
  const facts = { manifest: parseOvmsManifest(manifest).value, blobs, platform: entry?.platform }
  assert.deepEqual(checkArtifact(facts), [])
})

test('every relative link of every document leads to a file, and to a heading where it names one', () => {
  const broken = documents.flatMap((path) =>
    new Markdown(read(path)).links
      .filter(({ target }) => !/^[a-z][a-z0-9+.-]*:/.test(target))
      .filter(({ target }) => !leadsSomewhere(path, target))
      .map(({ target, line }) => `${path}:${line}: ${target}`),
  )
  assert.deepEqual(broken, [])
})

test('every chapter and schema that the sources speak of is there', () => {
  const broken = [...filesBelow('src/', '.ts', '.js'), ...filesBelow('conformance/', '.ts', '.json')].flatMap(
    (path) =>
      [...read(path).matchAll(/\bspec\/[a-z][a-z0-9./-]*\.(?:md|json|yaml)(?:#[a-z0-9-]+)?/g)]
        .filter(([target]) => !leadsSomewhere('README.md', target))
        .map(([target]) => `${path}: ${target}`),
  )
  assert.deepEqual(broken, [])
})

const noVectors = existsSync(join(root, 'conformance/vectors'))
  ? false
  : 'conformance/vectors is not there yet'

test('every requirement that a vector cites exists', { skip: noVectors }, () => {
  const ids = new Set(requirements().map(({ id }) => id))
  const prefixes = new Set([...ids].map((id) => id.replace(/-\d+$/, '')))
  const missing = filesBelow('conformance/vectors/', '.json').flatMap((path) =>
    [...read(path).matchAll(/"([a-z]+)-(\d+)"/g)]
      .filter(([, prefix = '', number]) => prefixes.has(prefix) && !ids.has(`${prefix}-${number}`))
      .map(([citation]) => `${path}: ${citation}`),
  )
  assert.deepEqual(missing, [])
})

test('spec/README.md lists every chapter', () => {
  const listed = firstCellsOfLinks(section('spec/README.md', 'The chapters'))
  const there = chapters.map((path) => path.slice('spec/'.length)).filter((path) => path !== 'README.md')
  assert.deepEqual([...listed].sort(), [...there].sort())
})

test('no requirement has the id of another one', () => {
  const ids = requirements().map(({ id }) => id)
  assert.deepEqual(duplicatesIn(ids), [])
})

test('the requirements of each prefix are numbered upwards, and stand in one chapter', () => {
  const byPrefix = Map.groupBy(requirements(), ({ id }) => id.replace(/-\d+$/, ''))
  for (const [prefix, all] of byPrefix) {
    const numbers = all.map(({ id }) => Number(id.slice(prefix.length + 1)))
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
      prefix,
    )
    assert.equal(new Set(all.map(({ path }) => path)).size, 1, prefix)
  }
})

test('every requirement that is cited exists', () => {
  const ids = new Set(requirements().map(({ id }) => id))
  const prefixes = new Set([...ids].map((id) => id.replace(/-\d+$/, '')))
  const cited = documents.flatMap((path) =>
    [...read(path).matchAll(/`([a-z]+)-(\d+)`/g)]
      .filter(([, prefix = '']) => prefixes.has(prefix))
      .map(([, prefix, number]) => ({ path, id: `${prefix}-${number}` })),
  )
  assert.deepEqual(
    cited.filter(({ id }) => !ids.has(id)),
    [],
  )
})

test('each line of the specification holds one sentence', () => {
  const crowded = chapters.flatMap((path) =>
    new Markdown(read(path)).lines
      .filter(({ text }) => !text.startsWith('|') && /[a-z)`”"][.!?] +[A-Z]/.test(text))
      .map(({ number }) => `${path}:${number}`),
  )
  assert.deepEqual(crowded, [])
})

test('every decision has a number of its own, its context and what was given up', () => {
  const decisions = filesBelow('docs/decisions/', '.md')
  assert.deepEqual(duplicatesIn(decisions.map((path) => path.slice('docs/decisions/'.length, 19))), [])
  for (const path of decisions) {
    const headings = new Markdown(read(path)).headings
    assert.equal(headings[0]?.text.split('.')[0]?.padStart(4, '0'), path.slice('docs/decisions/'.length, 19))
    assert.deepEqual(
      headings.slice(1).map(({ text }) => text),
      ['Context', 'Decision', 'What we gave up'],
      path,
    )
  }
})

test('the decision about dependencies has a line for each entry of package.json', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json'))
  const listed = firstCells(section('docs/decisions/0010-dependencies.md', 'Decision'))
  assert.deepEqual([...listed].sort(), Object.keys({ ...dependencies, ...devDependencies }).sort())
})

test('no file of the project names the host of a package registry', () => {
  const found = projectFiles.flatMap((path) => {
    const text = read(path)
    return packageHosts()
      .filter((host) => text.includes(host))
      .map((host) => `${path}: ${host}`)
  })
  assert.deepEqual(found, [])
})

/** Hosts that packages come from, and those that this machine was told to use instead, unless they are addresses. */
function packageHosts(): readonly string[] {
  const known = [
    ['registry', 'npmjs', 'org'],
    ['registry', 'yarnpkg', 'com'],
    ['pypi', 'org'],
    ['files', 'pythonhosted', 'org'],
    ['proxy', 'golang', 'org'],
    ['sum', 'golang', 'org'],
    ['index', 'crates', 'io'],
    ['static', 'crates', 'io'],
    ['rubygems', 'org'],
    ['repo', 'maven', 'apache', 'org'],
  ].map((parts) => parts.join('.'))
  const told = ['npm_config_registry', 'GOPROXY', 'PIP_INDEX_URL'].flatMap((name) => {
    const url = /^https?:\/\/[^,|]+/.exec(process.env[name] ?? '')?.[0]
    return url !== undefined && URL.canParse(url) ? [new URL(url).hostname] : []
  })
  return [...known, ...told.filter((host) => /\.[a-z-]+$/.test(host))]
}

function firstExample(path: string, kind: string): Buffer {
  const found = examplesIn(path).find((example) => example.kind === kind)
  assert.ok(found, `${path} has an example of ${kind}`)
  return Buffer.from(`${found.text}\n`)
}

function leadsSomewhere(from: string, target: string): boolean {
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? from : normalize(join(dirname(from), path))
  if (!existsSync(join(root, file))) return false
  if (anchor === undefined || !file.endsWith('.md')) return true
  return new Markdown(read(file)).headings.some((heading) => heading.anchor === anchor)
}

function firstCellsOfLinks(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => /^\| \[[^\]]+\]\(([^)]+)\)/.exec(line)?.[1] ?? [])
}

function duplicatesIn(values: readonly string[]): readonly string[] {
  return values.filter((value, index) => values.indexOf(value) !== index)
}
