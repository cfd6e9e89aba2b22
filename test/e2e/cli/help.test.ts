import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { findCommand } from '../../../scripts/setup/look.js'
import { COMMANDS } from '../../../src/cli/commands.ts'
import { newHome, type OvmHome, PROGRAM } from '../../support/ovm.ts'
import { AT_ONCE, buildSample } from './artifacts.ts'

const execute = promisify(execFile)

describe('Help and completion', { concurrency: AT_ONCE }, () => {
  for (const { name, summary } of COMMANDS) {
    test(`"ovm ${name} --help" says what it does, with examples that call it`, async () => {
      await using home = await newHome()
      const help = await home.ok(name, '--help')
      assert.equal(help, await home.ok('help', name))
      assert.match(help, new RegExp(`^Usage: ovm ${name} `))
      assert.ok(help.includes(`${summary}.`))
      for (const option of ['--json', '-q, --quiet', '-h, --help']) assert.ok(help.includes(option), option)
      const examples = help.split('\nExamples:\n')[1] ?? ''
      assert.match(examples, new RegExp(`ovm ${name}\\b`))
    })
  }

  test('"ovm", "ovm help" and "ovm --help" list every command', async () => {
    await using home = await newHome()
    const [bare, word, flag] = [await home.ok(), await home.ok('help'), await home.ok('--help')]
    assert.equal(bare, flag)
    assert.equal(word, flag)
    for (const { name, summary } of COMMANDS) assert.match(flag, new RegExp(`^ {2}${name} +${summary}$`, 'm'))
  })

  test('"ovm version" and "ovm --version" agree', async () => {
    await using home = await newHome()
    const { version } = await home.json('version')
    assert.equal(await home.ok('--version'), version)
    assert.equal(await home.ok('version', '-q'), version)
  })

  for (const { shell, check } of [
    { shell: 'bash', check: ['-n'] },
    { shell: 'zsh', check: ['-n'] },
    { shell: 'fish', check: ['--no-execute'] },
  ]) {
    test(`${shell} reads its completion script`, async (t) => {
      const program = findCommand(shell)
      if (program === undefined) return t.skip(`${shell} is not installed`)
      await using home = await newHome()
      await writeFile(home.path('script'), await home.ok('completion', shell))
      await execute(program, [...check, home.path('script')])
    })
  }

  for (const { typed, offers } of [
    { typed: ['ovm', 'pu'], offers: ['push', 'pull'] },
    { typed: ['ovm', 'pull', '--pl'], offers: ['--platform'] },
    { typed: ['ovm', 'registry', '--ro'], offers: ['--root'] },
    { typed: ['ovm', 'inspect', 'we'], offers: ['web:1', 'web:2'] },
    { typed: ['ovm', 'load', '-i', 'ker'], offers: ['kernel'] },
  ]) {
    test(`bash completes "${typed.join(' ')}" to ${offers.join(' and ')}`, async () => {
      await using home = await newHome()
      await buildSample(home, 'web:1')
      await home.json('tag', 'web:1', 'web:2')
      assert.deepEqual(await completions(home, typed), offers)
    })
  }
})

/** What bash offers when the tab key is pressed after the words. */
async function completions(home: OvmHome, words: readonly string[]): Promise<string[]> {
  await mkdir(home.path('bin'))
  await writeFile(home.path('bin/ovm'), `#!/bin/sh\nexec ${PROGRAM} "$@"\n`)
  await chmod(home.path('bin/ovm'), 0o755)
  const script = [
    'source <(ovm completion bash)',
    `COMP_WORDS=(${words.join(' ')})`,
    `COMP_CWORD=${words.length - 1}`,
    '_ovm',
    `printf "%s\\n" "\${COMPREPLY[@]}"`,
  ].join('\n')
  const env = { ...home.environment, PATH: `${home.path('bin')}:${process.env['PATH']}` }
  const { stdout } = await execute('bash', ['-c', script], { env, cwd: home.folder })
  return stdout.trim().split('\n')
}
