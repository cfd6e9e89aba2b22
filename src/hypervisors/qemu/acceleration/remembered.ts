import { join } from 'node:path'
import { makeFolder, readTextOrNothing, replaceFile } from '../../../base/files.ts'
import { isObject } from '../../../base/json.ts'
import { bootId } from '../../../machine/process-identity.ts'
import { jsonBytes } from '../../../model/json-document.ts'
import type { Verdict } from './verdict.ts'

/**
 * Verdicts, kept until the host is started again: a module, a microcode or an outer hypervisor may be another then. A
 * cache that cannot be read is empty, and one that cannot be written is no reason to fail.
 */
export class RememberedVerdicts {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** @param key what was probed, with the version of the program */
  async get(key: string): Promise<Verdict | undefined> {
    const found = (await this.#read())[key]
    if (!isObject(found)) return undefined
    const { works, reason } = found
    return typeof works === 'boolean' && typeof reason === 'string' ? { works, reason } : undefined
  }

  async set(key: string, verdict: Verdict): Promise<void> {
    const verdicts = { ...(await this.#read()), [key]: verdict }
    try {
      await makeFolder(this.#folder)
      await replaceFile(this.#path, jsonBytes({ version: 1, bootId: await bootId(), verdicts }))
    } catch {
      // The next process probes again.
    }
  }

  get #path(): string {
    return join(this.#folder, 'acceleration.json')
  }

  async #read(): Promise<Readonly<Record<string, unknown>>> {
    try {
      const file: unknown = JSON.parse((await readTextOrNothing(this.#path)) ?? '{}')
      if (!isObject(file) || file['version'] !== 1 || file['bootId'] !== (await bootId())) return {}
      return isObject(file['verdicts']) ? file['verdicts'] : {}
    } catch {
      return {}
    }
  }
}
