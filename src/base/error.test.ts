import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isOvmsError, messageOf, OvmsError, systemCode } from './error.ts'

test('an error carries its code, hint, actual value and cause', () => {
  const cause = new Error('why')
  const error = new OvmsError('usage', 'wrong', { hint: 'so', actual: 7, cause })
  assert.deepEqual([error.code, error.hint, error.actual, error.cause], ['usage', 'so', 7, cause])
  assert.equal(error.name, 'OvmsError')
  assert.ok(error instanceof Error)
  assert.equal('cause' in new OvmsError('usage', 'wrong'), false)
})

test('an error of another copy of the library is ours too, a stranger is not', () => {
  const copy = Object.assign(new Error('wrong'), { name: 'OvmsError', code: 'usage' })
  assert.ok(isOvmsError(copy))
  assert.ok(isOvmsError(copy, 'offline', 'usage'))
  assert.ok(!isOvmsError(copy, 'offline'))
  for (const stranger of [new Error('x'), { name: 'OvmsError', code: 'usage' }, 'usage', undefined])
    assert.ok(!isOvmsError(stranger))
})

test('the code of the system is found however deep it lies', () => {
  const inner = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
  const both = new AggregateError([inner], '')
  assert.equal(systemCode(inner), 'ECONNREFUSED')
  assert.equal(
    systemCode(new Error('outer', { cause: new Error('middle', { cause: inner }) })),
    'ECONNREFUSED',
  )
  assert.equal(systemCode(new Error('outer', { cause: both })), 'ECONNREFUSED')
  assert.equal(systemCode(new OvmsError('usage', 'wrong')), undefined)
  assert.equal(systemCode(Object.assign(new Error('x'), { code: 'ERR_INVALID_ARG_TYPE' })), undefined)
  assert.equal(messageOf(both), 'refused')
  assert.equal(messageOf('text'), 'text')
})
