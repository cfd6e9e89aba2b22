import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { goArchitecture, kernelArchitecture, ociPlatform, sameArchitecture } from './platform.ts'

test('one architecture has two names, and more spellings', () => {
  const rows: [string, string, string][] = [
    ['amd64', 'x86_64', 'amd64'],
    ['x64', 'x86_64', 'amd64'],
    ['x86-64', 'x86_64', 'amd64'],
    ['X86_64', 'x86_64', 'amd64'],
    ['arm64', 'aarch64', 'arm64'],
    ['AARCH64', 'aarch64', 'arm64'],
    ['riscv64', 'riscv64', 'riscv64'],
    ['s390x', 's390x', 's390x'],
  ]
  for (const [name, kernel, go] of rows) {
    assert.equal(kernelArchitecture(name), kernel)
    assert.equal(goArchitecture(name), go)
    assert.ok(sameArchitecture(name, kernel) && sameArchitecture(go, name))
    assert.deepEqual(ociPlatform(name), { architecture: go, os: 'linux' })
  }
  assert.ok(!sameArchitecture('amd64', 'arm64'))
})

test('translating twice changes nothing, also for words that every object has', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constantFrom('constructor', '__proto__', 'toString')), (name) => {
      assert.equal(typeof kernelArchitecture(name), 'string')
      assert.equal(kernelArchitecture(kernelArchitecture(name)), kernelArchitecture(name))
      assert.equal(goArchitecture(goArchitecture(name)), goArchitecture(name))
      assert.ok(sameArchitecture(name, goArchitecture(name)))
    }),
  )
})
