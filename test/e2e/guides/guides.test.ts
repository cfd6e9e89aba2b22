import assert from 'node:assert/strict'
import { test } from 'node:test'
import { promises, runAsReader, shellBlocks } from './shell-blocks.ts'

test('whoever types the commands of the first guide sees what it promises', async () => {
  const script = shellBlocks('docs/guides/first-vm.md').join('\n')
  const { status, output } = await runAsReader(script, [8080, 5000])
  assert.equal(status, 0, output)
  for (const promise of promises(script))
    assert.ok(output.includes(promise), `${promise}\nis missing in\n${output}`)
})

test('the five lines of the README make a machine that answers', async () => {
  const script =
    shellBlocks('README.md').find((block) => block.includes('ovm build -t mine:1')) ?? assert.fail('no block')
  assert.ok(script.trim().split('\n').length <= 5, 'more than five lines')
  const { status, output } = await runAsReader(script, [8080])
  assert.equal(status, 0, output)
  assert.match(output, /hello from ovms/)
})
