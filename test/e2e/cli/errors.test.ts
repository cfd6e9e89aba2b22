import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { exitCode } from '../../../src/cli/exit-code.ts'
import { newHome } from '../../support/ovm.ts'
import { AT_ONCE } from './artifacts.ts'

describe('What ovm refuses', { concurrency: AT_ONCE }, () => {
  for (const { words, message, hint } of [
    { words: ['pul'], message: 'There is no command "pul"', hint: 'Did you mean "ovm pull"?' },
    { words: ['frobnicate'], message: 'There is no command "frobnicate"', hint: 'See "ovm --help"' },
    { words: ['help', 'pul'], message: 'There is no command "pul"', hint: 'Did you mean "ovm pull"?' },
    { words: ['ps', '--quite'], message: "Unknown option '--quite'", hint: 'Did you mean --quiet?' },
    { words: ['--bogus'], message: "Unknown option '--bogus'", hint: /--help/ },
    { words: ['push'], message: "Missing required argument 'reference'", hint: /--help/ },
    { words: ['build'], message: "Required option '-t, --tag <reference>'", hint: /--help/ },
    { words: ['ls', 'extra'], message: /Too many arguments for 'ls'/, hint: /--help/ },
    { words: ['run', 'a:1', '--cpus', 'two'], message: /'two' is invalid\. A whole number/, hint: /--help/ },
    { words: ['run', 'a:1', '-p', '80'], message: /HOST:GUEST, as 8080:80/, hint: /--help/ },
    { words: ['run', 'a:1', '--pull', 'maybe'], message: /always, missing, never/, hint: /--help/ },
    { words: ['stop', 'a', '--timeout', 'soon'], message: /500ms, 10s or 2m/, hint: /--help/ },
    { words: ['logs', 'a', '--tail', 'all'], message: /A number of lines/, hint: /--help/ },
    { words: ['registry', 'serve', '--port', '70000'], message: /Not a port: "70000"/, hint: undefined },
    { words: ['completion', 'tcsh'], message: /bash, zsh, fish/, hint: /--help/ },
  ] as const) {
    test(`"ovm ${words.join(' ')}" is refused as a command line, with a next step`, async () => {
      await using home = await newHome()
      const error = await home.refuses('usage', words)
      assert.match(error.message, typeof message === 'string' ? new RegExp(literally(message)) : message)
      if (hint !== undefined)
        assert.match(error.hint ?? '', typeof hint === 'string' ? new RegExp(literally(hint)) : hint)
      assert.equal(error.stdout, '')
    })
  }

  for (const { family, code, words } of [
    { family: 'the command line', code: 'reference-invalid', words: ['tag', 'a b', 'c'] },
    { family: 'something not found', code: 'reference-unknown', words: ['inspect', 'web:1'] },
    { family: 'content that is broken', code: 'manifest-invalid', words: ['validate', 'bad.json'] },
    { family: 'a registry', code: 'registry-unreachable', words: ['pull', '127.0.0.1:1/web:1'] },
    { family: 'the store', code: 'store-failed', words: ['ls'] },
    { family: 'machines', code: 'daemon-unreachable', words: ['ps'] },
  ] as const) {
    test(`an error of ${family} exits with ${exitCode[code]}, in words and as JSON`, async () => {
      await using home = await newHome()
      await writeFile(home.path('bad.json'), '[]')
      const env: Record<string, string> = {}
      // A file where a folder should be.
      if (code === 'store-failed') await writeFile(home.home, '')
      if (code === 'daemon-unreachable') env['OVM_SOCKET'] = home.path('bad.json/ovm.sock')
      await home.refuses(code, words, { env })
      const { stdout, stderr, status } = await home.run(words, { env })
      assert.equal(status, exitCode[code])
      assert.equal(stdout, '')
      assert.match(stderr, new RegExp(`^error: [^]+ \\(${code}\\)(\nhint: .+)?\n$`))
    })
  }

  test('--debug shows where an error and its cause come from', async () => {
    await using home = await newHome()
    const { stderr } = await home.run(['pull', '127.0.0.1:1/web:1', '--debug'])
    assert.match(stderr, /\n {4}at .*\ncaused by /s)
  })

  test('text of strangers cannot move the cursor', async () => {
    await using home = await newHome()
    const { stderr } = await home.run(['inspect', 'web\u001b[2J:1'])
    assert.ok(!stderr.includes('\u001b'))
  })

  test('a reader that closes the pipe early is no error', async () => {
    await using home = await newHome()
    const ls = home.start(['completion', 'bash'])
    ls.child.stdout?.destroy()
    const { stderr, status } = await ls.closed
    assert.deepEqual([status, stderr], [0, ''])
  })

  test('flags that hold for all commands may stand before the command', async () => {
    await using home = await newHome()
    assert.equal((await home.run(['--json', 'ls'])).stdout, '[]\n')
    assert.match((await home.run(['-q', 'version'])).stdout, /^\d+\.\d+\.\d+\n$/)
  })
})

function literally(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
