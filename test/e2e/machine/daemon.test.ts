import assert from 'node:assert/strict'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { newHome, validOutput } from '../../support/ovm.ts'

test('a daemon in the foreground serves at a socket of its own and ends with SIGTERM', async () => {
  await using home = await newHome()
  const socket = home.path('sockets/my.sock')
  const { child, closed } = home.start(['daemon', '--socket', socket, '--json'])
  assert.ok(child.stdout)
  const [line] = await once(createInterface(child.stdout), 'line')
  assert.deepEqual(validOutput('daemon', String(line)), { socket, pid: child.pid })
  assert.equal((await stat(socket)).mode & 0o777, 0o600)
  const env = { OVM_SOCKET: socket }
  assert.equal((await home.run(['ps', '--json'], { env })).stdout, '[]\n')
  await home.refuses('socket-in-use', ['daemon', '--socket', socket])
  child.kill('SIGTERM')
  assert.equal((await closed).status, 0)
  await assert.rejects(stat(socket), { code: 'ENOENT' })
})

test('doctor tells of each part of the host, in words and as JSON', async () => {
  await using home = await newHome()
  const checks = await home.json('doctor')
  const names = checks.map(({ name }: { name: string }) => name)
  for (const name of ['Node', 'qemu', 'store', 'daemon']) assert.ok(names.includes(name), names.join())
  const lines = (await home.ok('doctor')).split('\n')
  assert.match(lines[0] ?? '', /^✓ Node +\d+\.\d+/)
  assert.ok(lines.some((line) => /^✓ daemon +not running; "ovm run" starts it$/.test(line)))
})
