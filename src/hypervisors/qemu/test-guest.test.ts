import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { TEST_GUEST } from './test-guest.bytes.ts'
import { assemble, assemblerSkip } from './testing.ts'

test('the test guest is what its source says', { skip: assemblerSkip }, () => {
  const source = fileURLToPath(new URL('./test-guest.S', import.meta.url))
  assert.deepEqual(assemble(source, { bits: 32, at: '0x100000', form: 'elf' }), TEST_GUEST)
})
