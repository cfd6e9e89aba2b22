import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { COMMANDS } from './commands.ts'
import { COMMAND_OUTPUTS, SHARED_OUTPUTS } from './output-schemas.ts'

const document = readFileSync(`${import.meta.dirname}/../../docs/reference/json-output.md`, 'utf8')

test('every command but completion, which prints a script, has a schema of its output', () => {
  const commands = COMMANDS.map(({ name }) => name).filter((name) => name !== 'completion')
  assert.deepEqual(Object.keys(COMMAND_OUTPUTS).sort(), commands.sort())
})

test('no shared definition has the name of a command', () => {
  const taken = Object.keys(SHARED_OUTPUTS).filter((name) => COMMANDS.some((each) => each.name === name))
  assert.deepEqual(taken, [])
})

test('docs/reference/json-output.md has a row for each command', () => {
  const rows = [...document.matchAll(/^\| `([a-z]+)` /gm)].map(([, name]) => name)
  assert.deepEqual(rows.sort(), Object.keys(COMMAND_OUTPUTS).sort())
})

test('names of ours are in snake_case, and those of OCI are as OCI has them', () => {
  const camel = propertyNames(COMMAND_OUTPUTS).filter((name) => /[A-Z-]/.test(name))
  assert.deepEqual(camel, ['mediaType'])
})

function propertyNames(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return []
  const own = 'properties' in schema ? Object.keys(schema.properties as object) : []
  return [...own, ...Object.values(schema).flatMap(propertyNames)]
}
