import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openApiText, schemaFiles } from '../scripts/schemas.ts'
import { instanceStatusSchema } from '../src/api/instance-status.ts'
import { openApiDocument } from '../src/api/openapi.ts'
import { overridesSchema } from '../src/api/start-request.ts'
import { ERROR_CODES } from '../src/base/error-codes.ts'
import { exitCode } from '../src/cli/exit-code.ts'
import { httpStatus } from '../src/daemon/http-status.ts'
import { MACHINE_STATES, TRANSITIONS } from '../src/machine/state.ts'
import { ANNOTATIONS, DOCKER_MEDIA_TYPES, MEDIA_TYPES } from '../src/model/media-types.ts'
import { ovmsManifestSchema } from '../src/model/ovms-manifest.ts'
import { RULES } from '../src/model/rules.ts'
import { firstCells, Markdown } from './documents/markdown.ts'
import { filesBelow, read } from './documents/project.ts'
import { errorSections, section } from './documents/specification.ts'

test('spec/rules.md has one section for each rule of src/model/rules.ts', () => {
  const sections = new Markdown(read('spec/rules.md')).headings.filter(({ level }) => level === 2)
  assert.deepEqual(
    sections.map(({ text }) => text),
    Object.keys(RULES),
  )
})

test('spec/errors.md has one section for each error code, with the same meaning', () => {
  const described = errorSections()
  assert.deepEqual([...described.keys()].sort(), Object.keys(ERROR_CODES).sort())
  for (const [code, meaning] of Object.entries(ERROR_CODES))
    assert.equal(described.get(code)?.meaning, `${meaning}.`, code)
})

test('spec/errors.md has the exit statuses of src/cli/exit-code.ts', () => {
  const written = [...errorSections()].map(([code, { exit }]) => [code, exit] as const)
  assert.deepEqual(Object.fromEntries(written), { ...exitCode })
})

test('spec/errors.md has the HTTP statuses of src/daemon/http-status.ts', () => {
  const written = [...errorSections()].map(([code, { http }]) => [code, http] as const)
  assert.deepEqual(Object.fromEntries(written), { ...httpStatus })
})

test('spec/runtime.md has the states and transitions of src/machine/state.ts', () => {
  const rows = section('spec/runtime.md', 'States').map(
    (line) => line.match(/(?<=\| )`[a-z]+`(?= \|)/g) ?? [],
  )
  const names = (wanted: number) => rows.filter(({ length }) => length === wanted).map((row) => row.join(' '))
  const arrows = Object.entries(TRANSITIONS).flatMap(([from, events]) =>
    Object.values(events).map((to) => `\`${from}\` \`${to}\``),
  )
  assert.deepEqual(names(1).sort(), MACHINE_STATES.map((state) => `\`${state}\``).sort())
  assert.deepEqual([...new Set(names(2))].sort(), [...new Set(arrows)].sort())
})

test('spec/runtime.md lists the overrides of a start', () => {
  const listed = firstCells(section('spec/runtime.md', 'Start'))
  assert.deepEqual([...listed].sort(), Object.keys(overridesSchema.properties).sort())
})

test('spec/runtime.md tells of every property of a status', () => {
  const text = section('spec/runtime.md', 'Status').join('\n')
  const missing = Object.keys(instanceStatusSchema.properties).filter((key) => !text.includes(`\`${key}\``))
  assert.deepEqual(missing, [])
})

test('spec/runtime.md lists the operations of the OpenAPI document', () => {
  const listed = section('spec/runtime.md', 'Operations').flatMap(
    (line) => /^\| `([A-Z]+ \S+)`/.exec(line)?.[1] ?? [],
  )
  const { paths } = openApiDocument() as { paths: Record<string, object> }
  const known = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace('{instance_id}', '{id}')}`),
  )
  assert.deepEqual([...listed].sort(), known.sort())
})

test('spec/manifest.md describes every property of the schema, and no other', () => {
  const described = [...read('spec/manifest.md').matchAll(/^\*\*`([^`]+)`\*\* \*/gm)].map(([, name]) => name)
  assert.deepEqual(described.sort(), propertiesOf(ovmsManifestSchema).sort())
})

test('spec/media-types.md lists the media types of src/model/media-types.ts', () => {
  const listed = firstCells(section('spec/media-types.md', 'Media types'))
  const known = [...Object.values(MEDIA_TYPES), ...Object.values(DOCKER_MEDIA_TYPES)]
  assert.deepEqual([...listed].sort(), known.sort())
})

test('spec/media-types.md lists the annotations of src/model/media-types.ts', () => {
  const listed = firstCells(section('spec/media-types.md', 'Annotations'))
  assert.deepEqual([...listed].sort(), Object.values(ANNOTATIONS).sort())
})

test('spec/schemas is what "npm run schemas" makes of the sources', () => {
  const files = schemaFiles()
  const there = filesBelow('spec/schemas/', '').map((path) => path.slice('spec/schemas/'.length))
  assert.deepEqual([...there].sort(), [...files.keys()].sort())
  for (const [name, bytes] of files) assert.equal(read(`spec/schemas/${name}`), bytes.toString(), name)
})

/** Schemas with an id that are nobody else's business. */
const PRIVATE_SCHEMAS = ['instance.v1.schema.json']

test('spec/openapi is what "npm run schemas" makes of the sources', () => {
  assert.equal(read('spec/openapi/runtime.v1.openapi.yaml'), openApiText())
})

test('every schema of the sources that has an id is published', () => {
  const ids = filesBelow('src/', '.ts').flatMap((path) =>
    [...read(path).matchAll(/\$id: ['"`]https:\/\/ovms\.dev\/schemas\/([^'"`]+)/g)].map(
      ([, name = '']) => name,
    ),
  )
  const missing = ids.filter((name) => !schemaFiles().has(name) && !PRIVATE_SCHEMAS.includes(name))
  assert.deepEqual(missing, [])
})

/** `kernel`, `kernel.ref`, `diskLayers[].size` …; objects that hold nothing of their own to say are left out. */
function propertiesOf(schema: object, prefix = ''): string[] {
  const { properties = {} } = schema as SchemaPart
  return Object.entries(properties).flatMap(([name, part]) => {
    const inner = part.items
      ? propertiesOf(part.items, `${prefix}${name}[].`)
      : propertiesOf(part, `${prefix}${name}.`)
    return name === 'platform' ? inner : [`${prefix}${name}`, ...inner]
  })
}

interface SchemaPart {
  readonly properties?: Readonly<Record<string, SchemaPart>>
  readonly items?: SchemaPart
}
