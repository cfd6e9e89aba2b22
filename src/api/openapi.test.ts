import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import { openApiDocument } from './openapi.ts'

const committed = new URL('../../spec/openapi/runtime.v1.openapi.yaml', import.meta.url)

test('the OpenAPI document of the spec is what the code says', () => {
  const expected = JSON.parse(JSON.stringify(openApiDocument()))
  assert.deepEqual(
    parse(readFileSync(committed, 'utf8')),
    expected,
    'Run "npm run schemas" and look at the difference',
  )
})
