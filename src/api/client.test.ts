import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { DaemonClient } from './client.ts'

test('a daemon that dies while it answers is told as one that is not there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ovms-client-'))
  const server = createServer((_request, reply) => {
    reply.write('{"line":"begun"}\n')
    setTimeout(() => reply.destroy(), 20)
  })
  const path = join(folder, 'ovm.sock')
  await once(server.listen(path), 'listening')
  const client = new DaemonClient(path)
  await assert.rejects(Array.fromAsync(client.logs('web', { follow: true })), {
    code: 'daemon-unreachable',
    hint: /machine goes on/,
  })
  await assert.rejects(client.list(), { code: 'daemon-unreachable' })
  server.close()
  rmSync(folder, { recursive: true })
})
