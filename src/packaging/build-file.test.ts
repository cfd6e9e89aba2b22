import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { onlyRefuses, refused } from '../../test/support/refusals.ts'
import { runVectors, textOf } from '../../test/support/vectors.ts'
import { isOvmsError } from '../base/error.ts'
import { parseBuildFile } from './build-file.ts'

const PATH = '/work/ovm.yaml'

runVectors(
  'build-files/build-files',
  (vector) => parseBuildFile(textOf(vector), PATH),
  (error, { result }) => {
    assert.ok(isOvmsError(error) && error.hint !== undefined, 'there is no hint')
    const { line, meant } = (result ?? {}) as { line?: number; meant?: string }
    if (line !== undefined) assert.match(error.message, new RegExp(`^${PATH}:${line}: `))
    if (meant !== undefined) assert.equal(error.hint, `Did you mean "${meant}"?`)
  },
)

test('a key that is like none lists those there are', async () => {
  await refused(() => parseBuildFile('kernel:\n  xyzzyxyzzy: 1\n', PATH), 'build-file-invalid', {
    actual: 'xyzzyxyzzy',
    hint: /Known here are file, args/,
  })
})

test('any text is a build file or refused', () => {
  const words = fc.constantFrom(
    'name',
    'kernel',
    'disks',
    'file',
    ':',
    ' ',
    '\n',
    '  ',
    '-',
    '&a',
    '*a',
    '<<',
    '[',
    ']',
  )
  const odd = fc.constantFrom(
    '{',
    '}',
    '!!js',
    '!!binary',
    '"',
    "'",
    '|',
    '>',
    '? ',
    '#',
    '%',
    '@',
    '\t',
    '---',
    '~',
    '.nan',
  )
  const text = fc
    .array(fc.oneof(words, odd, fc.string({ maxLength: 3 })), { maxLength: 30 })
    .map((all) => all.join(''))
  fc.assert(
    fc.property(fc.oneof(text, fc.string()), (each) => onlyRefuses(() => parseBuildFile(each, PATH))),
    { numRuns: 3000 },
  )
})

test('nesting and aliases without end are refused within a second', async () => {
  const bomb = `a0: &a0 x\n${Array.from({ length: 40 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n},*a${n}]\n`).join('')}`
  const began = performance.now()
  for (const text of [bomb, '['.repeat(20_000), '{a: '.repeat(20_000), '- '.repeat(20_000)])
    await refused(() => parseBuildFile(text, PATH), 'build-file-invalid', { hint: /./ })
  assert.ok(performance.now() - began < 5000, `${performance.now() - began} ms`)
})
