import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { messageOf, OvmsError, systemCode } from './error.ts'

/**
 * Replaces a file as a whole: readers see the old or the new bytes, after a crash too.
 *
 * @throws {OvmsError} `store-full`, `store-failed`
 */
export async function replaceFile(path: string, bytes: Uint8Array | string, mode = 0o644): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`
  try {
    const file = await open(temporary, 'wx', mode)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await syncFolder(dirname(path))
  } catch (cause) {
    await rm(temporary, { force: true })
    throw storeError(cause, path)
  }
}

/** Makes a rename or removal in a folder last. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

export async function makeFolder(path: string, mode = 0o755): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode })
  } catch (cause) {
    throw storeError(cause, path)
  }
}

export async function exists(path: string): Promise<boolean> {
  return (await statOrNothing(path)) !== undefined
}

/** What `stat` says, or nothing where there is no such file. */
export async function statOrNothing(path: string) {
  try {
    return await stat(path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined
    throw error
  }
}

/** The whole file as text, or nothing where there is no such file. */
export async function readTextOrNothing(path: string): Promise<string | undefined> {
  let file: FileHandle | undefined
  try {
    file = await open(path, 'r')
    return await file.readFile('utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  } finally {
    await file?.close()
  }
}

/** A failed file operation of the store as one of our errors. */
export function storeError(cause: unknown, path: string): unknown {
  const code = systemCode(cause)
  if (code === undefined || cause instanceof OvmsError) return cause
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new OvmsError('store-full', `No space left for ${path}`, {
      cause,
      actual: path,
      hint: 'Run "ovm prune", or set OVM_HOME to a larger disk',
    })
  }
  return new OvmsError('store-failed', `Cannot use ${path}: ${messageOf(cause)}`, { cause, actual: path })
}
