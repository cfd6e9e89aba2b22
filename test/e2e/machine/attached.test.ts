import assert from 'node:assert/strict'
import { mkdir, symlink } from 'node:fs/promises'
import { after, test } from 'node:test'
import { findCommand } from '../../../scripts/setup/look.js'
import { MARKER, STAY, TINY, tinyHome } from './tiny.ts'

const home = await tinyHome()
after(() => home[Symbol.asyncDispose]())

test('an attached run shows the console, from the store alone, and ends with the guest', async () => {
  const { stdout, stderr, status } = await home.run(['run', TINY, '--offline', '--name', 'once'])
  assert.equal(status, 0, stderr)
  for (const line of [
    'ovms: base-file this file lies in the base layer',
    'ovms: kernel-arguments console=ttyS0 quiet panic=-1 ovms.example=tiny',
    MARKER,
  ])
    assert.ok(stdout.includes(line), `${line} in ${stdout}`)
  const [machine] = await home.json('ps', '-a')
  assert.deepEqual([machine.name, machine.state, machine.manifest], ['once', 'stopped', TINY])
  assert.deepEqual(await home.json('ps'), [])
})

test('kernel arguments reach the guest as they were written, and --rm leaves no machine', async () => {
  const args = `console=ttyS0 quiet panic=-1 one="a  b" two='c' three=$HOME;#`
  const { stdout, status } = await home.run(['run', TINY, '--rm', '--name', 'quoted', '--args', args])
  assert.equal(status, 0)
  assert.ok(stdout.includes(`ovms: kernel-arguments ${args}`), stdout)
  const names = (await home.json('ps', '-a')).map(({ name }: { name: string }) => name)
  assert.ok(!names.includes('quoted'))
})

test('Ctrl-C while attached powers the machine off', async () => {
  const run = home.start(['run', TINY, '--name', 'pressed', '--args', STAY])
  await run.says('ovms: tick')
  run.child.kill('SIGINT')
  const { stdout, stderr, status } = await run.closed
  assert.equal(status, 130)
  assert.match(stderr, /Powering off\. Press Ctrl-C again to end it at once\./)
  assert.ok(stdout.includes('ovms: power button'), 'the guest was asked, not cut off')
  const machine = (await home.json('ps', '-a')).find(({ name }: { name: string }) => name === 'pressed')
  assert.equal(machine.state, 'stopped')
})

test('with --json an attached run says nothing but the last status', async () => {
  const final = await home.json('run', TINY, '--rm', '--memory', '200M', '--cpus', '2')
  assert.deepEqual([final.state, final.memory_mib, final.cpus], ['stopped', 200, 2])
  assert.ok(final.timings.first_output_ms > 0)
})

for (const { what, code, words } of [
  { what: 'a newline in kernel arguments', code: 'request-invalid', words: [TINY, '--args', 'a\nb'] },
  { what: 'too little memory', code: 'request-invalid', words: [TINY, '--memory', '1M'] },
  { what: 'memory that is no size', code: 'request-invalid', words: [TINY, '--memory', 'much'] },
  { what: 'a bad name for the machine', code: 'request-invalid', words: [TINY, '--name', '../x'] },
  { what: 'an artifact that is not here', code: 'reference-unknown', words: ['nobody:1'] },
  {
    what: 'an artifact that would have to be fetched with --offline',
    code: 'offline',
    words: ['127.0.0.1:1/a:1', '--offline'],
  },
  {
    what: 'an artifact that would have to be fetched with --pull never',
    code: 'reference-unknown',
    words: ['127.0.0.1:1/a:1', '--pull', 'never'],
  },
  {
    what: 'an artifact of a registry that is not there',
    code: 'registry-unreachable',
    words: ['127.0.0.1:1/a:1'],
  },
  { what: 'a folder that is no artifact', code: 'archive-invalid', words: ['.'] },
] as const) {
  test(`run refuses ${what}, and no machine is left`, async () => {
    const before = await home.ok('ps', '-aq')
    await home.refuses(code, ['run', ...words])
    assert.equal(await home.ok('ps', '-aq'), before)
  })
}

test('without QEMU on PATH the command that installs it is told', async () => {
  await using bare = await tinyHome()
  await mkdir(bare.path('bin'))
  for (const name of ['sh', 'readlink', 'dirname', 'pwd'])
    await symlink(findCommand(name) ?? '/bin/sh', bare.path(`bin/${name}`))
  const { hint, message } = await bare.refuses('hypervisor-missing', ['run', TINY], {
    env: { PATH: bare.path('bin') },
  })
  assert.match(message, /qemu-system-x86_64 is not installed/)
  assert.match(hint ?? '', /apt-get install qemu-system-x86|dnf install|pacman -S|zypper install/)
})
