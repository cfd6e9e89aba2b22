import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { assemble, assemblerSkip, qemuSkip } from '../testing.ts'
import { AccelerationProbe } from './probe.ts'
import { PROBE_CODE } from './probe-rom.bytes.ts'
import { runProbe } from './run-probe.ts'
import { type ProbeRun, verdictOf } from './verdict.ts'

const BINARY = 'qemu-system-x86_64'

describe('the probe guest', () => {
  test('is what its source says', { skip: assemblerSkip }, () => {
    const source = fileURLToPath(new URL('./probe.S', import.meta.url))
    const code = assemble(source, { bits: 64, at: '0xfc00', form: 'flat' })
    assert.deepEqual(code, PROBE_CODE)
  })

  test('passes every stage when QEMU emulates it', { skip: qemuSkip }, async () => {
    const run = await runProbe(BINARY, 'tcg', { limitMs: 30_000 })
    assert.deepEqual(verdictOf(run), { works: true, reason: `a test guest ran in ${run.ms} ms` })
    assert.match(run.stages, /^rplcxgsb?B?nd$/)
  })

  test('is ended at the limit', { skip: qemuSkip }, async () => {
    const run = await runProbe(BINARY, 'tcg', { limitMs: 1 })
    assert.ok(run.isOver)
    assert.equal(verdictOf(run).works, false)
  })
})

describe('verdictOf()', () => {
  const seen = (change: Partial<ProbeRun>): ProbeRun => ({
    ...{ stages: '', words: '', code: null, killedBy: null, isOver: false, ms: 40 },
    ...change,
  })
  const rows: [string, Partial<ProbeRun>, RegExp][] = [
    [
      'a guest that KVM gave up on',
      { stages: 'rplc', words: 'KVM internal error. Suberror: 1\n', killedBy: 'SIGKILL' },
      /gave up .* popcnt/,
    ],
    [
      'a guest that was not done in time',
      { stages: 'rplcxgsbBn', isOver: true, killedBy: 'SIGKILL', ms: 2003 },
      /not done after 2003 ms, at a loop/,
    ],
    [
      'a guest that was reset by an exception',
      { stages: 'rplcx', code: 0 },
      /failed at the instruction cmpxchg16b \(status 0\)/,
    ],
    [
      'a guest with wrong results',
      { stages: 'rplc!', code: 3 },
      /wrong results, after the instruction popcnt/,
    ],
    [
      'QEMU that does not even start',
      {
        code: 134,
        words: 'qemu-system-x86_64: warning: host\nqemu-system-x86_64: error: failed to set MSR 0x10a\n',
      },
      /QEMU ended \(status 134\): error: failed to set MSR 0x10a/,
    ],
  ]
  for (const [name, change, reason] of rows) {
    test(`names what failed: ${name}`, () => {
      const verdict = verdictOf(seen(change))
      assert.equal(verdict.works, false)
      assert.match(verdict.reason, reason)
    })
  }
})

describe('AccelerationProbe', () => {
  const program = { binary: BINARY, version: '0', architecture: 'x86_64' }

  test('comes to a verdict within its limit and remembers it', { skip: qemuSkip }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ovms-acceleration-'))
    try {
      const begun = performance.now()
      const first = await new AccelerationProbe(folder).accelerations(program)
      assert.ok(performance.now() - begun < 4000)
      assert.deepEqual(await new AccelerationProbe(folder).accelerations(program), first)
      assert.equal(first.at(-1)?.name, 'tcg')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('offers only emulation for guests of another architecture', async () => {
    const foreign = process.arch === 'x64' ? 'aarch64' : 'x86_64'
    const found = await new AccelerationProbe('/nowhere').accelerations({ ...program, architecture: foreign })
    assert.deepEqual(
      found.map(({ name }) => name),
      ['tcg'],
    )
  })
})
