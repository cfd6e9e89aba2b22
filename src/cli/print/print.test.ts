import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OvmsError } from '../../base/error.ts'
import { printError } from './error.ts'
import { Output } from './output.ts'
import { Progress } from './progress.ts'
import { plain, Style } from './style.ts'
import { formatTable } from './table.ts'
import { formatTree } from './tree.ts'

const MIB = 2 ** 20

test('columns of a table are as wide as their widest cell, colours not counted', () => {
  const bold = new Style(true).bold('long name')
  const rows = [
    ['a', '1'],
    [bold, '1000'],
  ]
  assert.equal(
    formatTable([{ title: 'NAME' }, { title: 'SIZE', align: 'right' }], rows),
    `NAME       SIZE\na             1\n${bold}  1000`,
  )
})

test('a tree is drawn with its branches', () => {
  const tree = { text: 'a', children: [{ text: 'b', children: [{ text: 'c' }] }, { text: 'd' }] }
  assert.equal(formatTree(tree), 'a\n├─ b\n│  └─ c\n└─ d')
})

test('what a terminal would obey is replaced', () => {
  assert.equal(plain('a\u001b[2J\u0007\u202eb\n'), 'a\u{fffd}[2J\u{fffd}\u{fffd}b\u{fffd}')
})

test('a style without colours leaves text as it is', () => {
  assert.equal(new Style(false).red('x'), 'x')
  assert.equal(new Style(true).red('x'), '\u001b[31mx\u001b[39m')
})

test('an error is told with its code and hint, in words or as JSON', () => {
  const error = new OvmsError('registry-required', 'No registry', { hint: 'Name one' })
  const words = capture()
  assert.equal(printError(error, words.output), 3)
  assert.equal(words.text(), 'error: No registry (registry-required)\nhint: Name one\n')
  const json = capture({ json: true })
  printError(error, json.output)
  assert.deepEqual(JSON.parse(json.text()), {
    error: { code: 'registry-required', message: 'No registry', hint: 'Name one' },
  })
})

test('what is not an error of ours is told as a defect', () => {
  const { output, text } = capture()
  assert.equal(printError(new TypeError('x is not a function'), output), 70)
  assert.match(text(), /^error: x is not a function \(internal\)\nhint: .*defect.*report it\n$/)
})

test('without a terminal each blob gets a line when it is through', () => {
  const { output, text } = capture()
  using progress = new Progress(output)
  transfer(progress)
  assert.equal(text(), 'kernel: 2.00 KiB done\ndisk: 1.00 KiB already there\n')
})

for (const flag of ['quiet', 'json'] as const)
  test(`nothing is told of transfers with --${flag}`, () => {
    const { output, text } = capture({ [flag]: true })
    using progress = new Progress(output)
    transfer(progress)
    assert.equal(text(), '')
  })

test('on a terminal the bars are drawn over those before, and the time left is never cut off', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { output, text } = capture({ isTerminal: true, columns: 80 })
  const progress = new Progress(output)
  progress.onEvent({ is: 'begin', id: '1', title: 'a-title-of-more-than-24-characters', size: 2 * MIB })
  progress.onEvent({ is: 'bytes', id: '1', bytes: MIB, how: 'moved' })
  t.mock.timers.tick(100)
  progress.onEvent({ is: 'end', id: '1', how: 'copied' })
  progress.finish()
  const [first, second] = text()
    .split('\u001b[2A')
    .map((frame) => frame.replaceAll('\u001b[2K', '').trimEnd().split('\n'))
  assert.match(first?.[0] ?? '', /^a-title-of-more-than-24- \[━━ {2}\] +1\.00 MiB \/ 2\.00 MiB$/)
  assert.match(first?.[1] ?? '', /^total +\[━━ {2}\] +1\.00 MiB \/ 2\.00 MiB {2}10\.0 MiB\/s {2}ETA 100 ms$/)
  assert.match(second?.[0] ?? '', /\[━━━━\] +2\.00 MiB \/ 2\.00 MiB {2}done$/)
  assert.match(second?.[1] ?? '', /\[━━━━\] .* in [\d.]+ m?s$/)
  for (const line of [first, second].flat()) assert.ok((line?.length ?? 0) < 80, line)
})

function transfer({ onEvent }: Progress): void {
  onEvent({ is: 'begin', id: '1', title: 'kernel', size: 2048 })
  onEvent({ is: 'bytes', id: '1', bytes: 2048, how: 'moved' })
  onEvent({ is: 'end', id: '1', how: 'copied' })
  onEvent({ is: 'begin', id: '2', title: 'disk', size: 1024 })
  onEvent({ is: 'end', id: '2', how: 'present' })
}

/** An output whose stderr can be read, on a terminal or not. */
function capture(set: Partial<Record<keyof Output, unknown>> & { columns?: number } = {}) {
  let text = ''
  const write = (more: string) => {
    text += more
    return true
  }
  const output = new Output({ NO_COLOR: '1' })
  const { columns, ...fields } = set
  Object.assign(output, { isTerminal: false, stderr: { write, columns }, ...fields })
  return { output, text: () => text }
}
