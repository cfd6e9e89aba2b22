import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectFolder } from '../folders.ts'
import { MARKER } from './boot.ts'
import type { DemoFacts } from './summary.ts'

export interface Check {
  readonly what: string
  readonly holds: boolean
}

const layers = join(projectFolder, 'examples/tiny/layers')

/** What must be true of a demo that worked. */
export function checks({ built, pushed, pulled, inspected, boot }: DemoFacts): readonly Check[] {
  const says = (what: string, text: string): Check => ({ what, holds: boot.console.includes(text) })
  const args: string = inspected.manifest.kernel.args
  const content = (file: string) => readFileSync(join(layers, file), 'utf8').trim()
  return [
    {
      what: 'one digest from build to second store',
      holds: same(built.digest, pushed.digest, pulled.digest, inspected.digest),
    },
    {
      what: 'every byte was fetched, none was there before',
      holds: pulled.present === 0 && pulled.fetched === pushed.sent,
    },
    says('a file of the base layer', `ovms: base-file ${content('base/base-file')}`),
    says('a file that the second layer changed', `ovms: changed-file ${content('top/changed-file')}`),
    says('the kernel arguments of the manifest', `ovms: kernel-arguments ${args}`),
    says('the marker', MARKER),
    { what: 'the guest powered off by itself', holds: boot.exitCode === 0 && boot.state === 'stopped' },
  ]
}

function same(...values: readonly string[]): boolean {
  return new Set(values).size === 1 && values[0] !== undefined
}
