import assert from 'node:assert/strict'
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../test/support/folders.ts'
import { requireTrustedSocket } from './socket-folder.ts'

/** A user that is neither this one nor root. */
const SOMEBODY = 12_345

test('a socket in a folder of our own, or in none yet, is trusted', async () => {
  await using folder = await temporaryFolder()
  const own = join(folder.path, 'own')
  await mkdir(own, { mode: 0o700 })
  await requireTrustedSocket(join(own, 's'), own)
  await requireTrustedSocket(join(folder.path, 'missing/s'), join(folder.path, 'missing'))
})

test('a socket in a folder that others may write to is not, unless it is sticky and the socket ours', async () => {
  await using folder = await temporaryFolder()
  const shared = join(folder.path, 'shared')
  const socket = join(shared, 's')
  await mkdir(shared)
  await writeFile(socket, '')
  await chmod(shared, 0o777)
  await assert.rejects(requireTrustedSocket(socket, shared), {
    code: 'socket-in-use',
    actual: { uid: process.getuid?.(), mode: '777' },
  })
  await chmod(shared, 0o1777)
  await requireTrustedSocket(socket, shared)
})

const notRoot = process.getuid?.() === 0 ? false : 'only root can give a folder to somebody else'
test('a socket in a folder of somebody else is not trusted, nor one of theirs in a shared folder', {
  skip: notRoot,
}, async () => {
  await using folder = await temporaryFolder()
  const theirs = join(folder.path, 'theirs')
  const socket = join(theirs, 's')
  await mkdir(theirs)
  await writeFile(socket, '')
  await chown(theirs, SOMEBODY, SOMEBODY)
  await assert.rejects(requireTrustedSocket(socket, theirs), { code: 'socket-in-use' })
  await chown(theirs, 0, 0)
  await chmod(theirs, 0o1777)
  await chown(socket, SOMEBODY, SOMEBODY)
  await assert.rejects(requireTrustedSocket(socket, theirs), { code: 'socket-in-use' })
})
