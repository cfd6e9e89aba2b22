import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { projectFolder } from '../../scripts/folders.ts'

test('the demo builds, pushes, pulls and boots a machine, and says that all went as expected', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['scripts/demo.ts'], { cwd: projectFolder })
  assert.match(stdout, /went through a registry and booted/)
  assert.equal(stdout.match(/^✓/gm)?.length, 7)
  assert.doesNotMatch(stdout, /✗/)
})
