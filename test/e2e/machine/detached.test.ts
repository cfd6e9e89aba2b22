import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { freePort } from '../../../scripts/free-port.ts'
import { validOutput } from '../../support/ovm.ts'
import { MARKER, STAY, TINY, tinyHome } from './tiny.ts'

const home = await tinyHome()
after(() => home[Symbol.asyncDispose]())
const port = await freePort()

/** One machine, through its life: each test goes on where the one before it stopped. */
test('run -d prints the id of the machine, which ps shows', async () => {
  const id = await home.ok('run', TINY, '-d', '--name', 'web', '-p', `${port}:80`, '--args', STAY)
  assert.match(id, /^[0-9a-f-]{36}$/)
  assert.equal(await home.ok('ps', '-q'), id)
  const [machine] = await home.json('ps')
  assert.deepEqual(
    [machine.instance_id, machine.name, machine.state, machine.manifest],
    [id, 'web', 'running', TINY],
  )
  const [, row] = (await home.ok('ps')).split('\n')
  assert.match(row ?? '', new RegExp(`^${id.slice(0, 12)} +web +${TINY} +running +\\S.* +${port}→80/tcp$`))
})

test('logs -f shows what was printed and goes on', async () => {
  const logs = home.start(['logs', '-f', 'web'])
  await logs.says(MARKER)
  await logs.says('ovms: tick 2')
  logs.child.kill('SIGINT')
  assert.equal((await logs.closed).status, 130)
})

test('logs --tail begins with the last lines, and --json tells each as a record', async () => {
  const tail = await home.ok('logs', 'web', '--tail', '2')
  assert.equal(tail.split('\n').length, 2)
  assert.match(tail, /^ovms: tick \d+\novms: tick \d+$/)
  const records = (await home.ok('logs', 'web', '--json'))
    .split('\n')
    .map((line) => validOutput('logs', line))
  assert.ok(records.some(({ stream, line }) => stream === 'console' && line === MARKER))
  assert.equal(await home.ok('logs', 'web', '--tail', '0'), '')
})

test('a forwarded port leads to the guest', async () => {
  const answer = await fetch(`http://127.0.0.1:${port}/`)
  assert.equal(await answer.text(), 'hello from ovms\n')
})

test('a second machine cannot have the same name, nor a port that is taken', async () => {
  await home.refuses('name-taken', ['run', TINY, '-d', '--name', 'web'])
  await home.refuses('port-in-use', ['run', TINY, '-d', '--name', 'other', '-p', `${port}:80`])
  assert.equal((await home.json('ps', '-a')).length, 1)
})

for (const command of ['logs', 'stop', 'rm'])
  test(`${command} of a machine that is not there says so`, async () => {
    await home.refuses('instance-unknown', [command, 'nobody'])
  })

test('a machine that runs is not removed by accident', async () => {
  await home.refuses('instance-state', ['rm', 'web'])
  assert.equal((await home.json('ps')).length, 1)
})

test('an artifact that a machine needs keeps its blobs when its name goes', async () => {
  await home.json('rmi', TINY)
  await home.json('prune')
  assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 200)
})

test('a machine outlives its daemon, and the next command finds it again', async () => {
  const [before] = await home.json('ps')
  process.kill((await home.daemonPid()) ?? assert.fail('no daemon'), 'SIGKILL')
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'hello from ovms\n')
  const [found] = await home.json('ps')
  assert.deepEqual(
    [found.instance_id, found.pid, found.state],
    [before.instance_id, before.pid, before.state],
  )
  const last = (await home.ok('logs', 'web')).match(/\d+$/)?.[0]
  const logs = home.start(['logs', '-f', 'web', '--tail', '0'])
  await logs.says('ovms: tick')
  const next = logs.stdout.match(/tick (\d+)/)?.[1]
  assert.ok(Number(next) > Number(last), `${next} after ${last}`)
  logs.child.kill('SIGINT')
  await logs.closed
})

test('stop asks the guest, which ends in order; logs -f ends with it', async () => {
  const logs = home.start(['logs', '-f', 'web'])
  const [stopped] = await home.json('stop', 'web', '--timeout', '30s')
  assert.equal(stopped.state, 'stopped')
  const { stdout, status } = await logs.closed
  assert.equal(status, 0)
  assert.ok(stdout.includes('ovms: power button'))
  assert.deepEqual(await home.json('ps'), [])
})

test('logs end with why the machine ended, apart from what the guest printed', async () => {
  const { stdout, stderr } = await home.run(['logs', 'web', '--tail', '1'])
  assert.deepEqual([stdout, stderr], ['', 'lifecycle: stopped: The guest switched itself off\n'])
})

test('stopping what has stopped is fine; rm takes it', async () => {
  const [{ instance_id: id }] = await home.json('ps', '-a')
  assert.equal(await home.ok('stop', id.slice(0, 8)), id)
  assert.deepEqual(await home.json('rm', 'web'), { removed: ['web'] })
  assert.deepEqual(await home.json('ps', '-a'), [])
  await home.refuses('instance-unknown', ['logs', id])
})

test('its artifact goes when the machine has gone', async () => {
  assert.ok((await home.json('prune')).bytes > 10_000_000)
})
