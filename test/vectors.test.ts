import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'

const root = `${import.meta.dirname}/../conformance/vectors`
const validate = new Ajv2020({ strict: false }).compile(JSON.parse(read('vector.schema.json')))

for (const file of globSync('*/*.json', { cwd: root }).toSorted()) {
  test(`conformance/vectors/${file} is a file of vectors, with an id for each`, () => {
    const vectors = JSON.parse(read(file)) as { tests: { id: string }[] }
    assert.ok(validate(vectors), JSON.stringify(validate.errors))
    const ids = vectors.tests.map(({ id }) => id)
    assert.deepEqual(
      ids.filter((id, index) => ids.indexOf(id) !== index),
      [],
    )
  })
}

test('each file of vectors has something valid and something invalid', () => {
  for (const file of globSync('*/*.json', { cwd: root })) {
    const { tests } = JSON.parse(read(file)) as { tests: { verdict: string }[] }
    const verdicts = new Set(tests.map(({ verdict }) => verdict))
    assert.ok(verdicts.has('valid') && verdicts.has('invalid'), file)
  }
})

function read(file: string): string {
  return readFileSync(`${root}/${file}`, 'utf8')
}
