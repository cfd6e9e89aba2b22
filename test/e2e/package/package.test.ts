import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { projectFolder } from '../../../scripts/folders.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { validOutput } from '../../support/outputs.ts'

const execute = promisify(execFile)
const folder = await temporaryFolder()
after(() => folder[Symbol.asyncDispose]())
const packed = await pack()
await install(packed.filename)

test('the package has the program, the library, types and the spec, and no tests', () => {
  const files = packed.files.map(({ path }) => path)
  for (const file of [
    'dist/ovm.js',
    'dist/index.js',
    'dist/index.d.ts',
    'dist/testing.js',
    'dist/testing.d.ts',
    'spec/artifact.md',
    'spec/schemas/manifest.v1.schema.json',
    'README.md',
    'LICENSE',
  ])
    assert.ok(files.includes(file), file)
  const forTests = files.filter((file) => /\.test\.|test-guest|\/testing\./.test(file))
  assert.deepEqual(forTests.sort(), ['dist/testing.d.ts', 'dist/testing.js'])
  assert.deepEqual(
    files.filter((file) => /(?<!\.d)\.ts$/.test(file)),
    [],
    'sources',
  )
})

test('each module has its types beside it', () => {
  const files = new Set(packed.files.map(({ path }) => path))
  const modules = [...files].filter((file) => file.endsWith('.js'))
  assert.ok(modules.length > 100)
  assert.deepEqual(
    modules.filter((file) => !files.has(file.replace(/\.js$/, '.d.ts'))),
    [],
  )
})

test('the installed program works from an empty folder', async () => {
  const { version } = validOutput('version', await ovm('version', '--json'))
  assert.equal(version, JSON.parse(await readFile(join(projectFolder, 'package.json'), 'utf8')).version)
  await writeFile(join(folder.path, 'kernel'), 'a kernel')
  const { digest } = validOutput('build', await ovm('build', '-t', 'web:1', '--kernel', 'kernel', '--json'))
  const [row] = validOutput('ls', await ovm('ls', '--json'))
  assert.deepEqual([row.name, row.digest], ['web:1', digest])
})

test('the installed program starts the daemon on demand', async () => {
  assert.equal(await ovm('ps', '--json'), '[]\n')
  const checks = validOutput('doctor', await ovm('doctor', '--json'))
  process.kill(checks.find(({ name }: { name: string }) => name === 'daemon').pid, 'SIGTERM')
})

test('the installed library is imported, with its part for tests', async () => {
  const text = `import * as ovms from 'ovms'
import * as testing from 'ovms/testing'
import schema from 'ovms/schemas/manifest.v1.schema.json' with { type: 'json' }
const contracts = ['contentStoreContract', 'MemoryStore', 'hypervisorContract', 'FakeHypervisor']
console.log(JSON.stringify([
  ovms.formatReference(ovms.parseReference('localhost:5000/a/b:1')),
  contracts.filter((name) => typeof testing[name] !== 'function'),
  schema.title,
]))`
  await writeFile(join(folder.path, 'imports.mjs'), text)
  assert.deepEqual(JSON.parse(await node('imports.mjs')), ['localhost:5000/a/b:1', [], 'OVMS manifest'])
})

test('the example of the library runs with the installed package', async () => {
  await cp(join(projectFolder, 'examples/library.ts'), join(folder.path, 'library.ts'))
  assert.match(await node('library.ts'), /^\d+ bytes came .*: sha256:[0-9a-f]{64}\nthe same artifact\n$/)
})

test('a program in TypeScript sees the types of the installed package', async () => {
  const options = { module: 'nodenext', strict: true, noEmit: true, skipLibCheck: true, types: ['node'] }
  const compilerOptions = {
    ...options,
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable'],
    typeRoots: [join(projectFolder, 'node_modules/@types')],
  }
  await writeFile(
    join(folder.path, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['library.ts', 'typed.ts'] }),
  )
  const typed = `import { FakeHypervisor, hypervisorContract } from 'ovms/testing'
import { parseOvmsManifest } from 'ovms'
// @ts-expect-error a manifest is bytes
parseOvmsManifest(7)
// @ts-expect-error there is no such option
new FakeHypervisor({ nothing: 1 })
hypervisorContract satisfies Function
`
  await writeFile(join(folder.path, 'typed.ts'), typed)
  await execute(join(projectFolder, 'node_modules/.bin/tsc'), ['-p', '.'], { cwd: folder.path }).catch(
    ({ stdout }: { stdout: string }) => assert.fail(stdout),
  )
})

interface Packed {
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

async function pack(): Promise<Packed> {
  await execute(process.execPath, ['scripts/build.ts'], { cwd: projectFolder })
  const words = ['pack', '--json', '--pack-destination', folder.path]
  const { stdout } = await execute('npm', words, { cwd: projectFolder })
  return JSON.parse(stdout)[0]
}

async function install(tarball: string): Promise<void> {
  await writeFile(join(folder.path, 'package.json'), '{ "private": true, "type": "module" }')
  const words = ['install', `./${tarball}`, '--ignore-scripts', '--no-audit', '--no-fund']
  await execute('npm', words, { cwd: folder.path })
}

/** The Node that runs this test is first on PATH, as it is for whoever has a Node that is new enough. */
const environment = {
  ...process.env,
  PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
  OVM_HOME: join(folder.path, 'home'),
  OVM_SOCKET: '',
  NO_COLOR: '1',
}

async function ovm(...words: readonly string[]): Promise<string> {
  const program = join(folder.path, 'node_modules/.bin/ovm')
  return (await execute(program, words, { cwd: folder.path, env: environment })).stdout
}

async function node(...words: readonly string[]): Promise<string> {
  return (await execute(process.execPath, words, { cwd: folder.path, env: environment })).stdout
}
