import { join } from 'node:path'
import { projectFolder } from '../../../scripts/folders.ts'
import { buildTinyGuest } from '../../../scripts/guest/tiny.ts'
import { newHome, type OvmHome } from '../../support/ovm.ts'

export const TINY = 'demo/tiny:1'

/** What the guest prints when it is up. */
export const MARKER = 'OVMS-TINY-READY'

/** Keeps the guest up until its power button is pressed. */
export const STAY = 'console=ttyS0 quiet panic=-1 ovms.stay'

/** A home that has the tiny guest: a real Linux that boots in seconds without help of the processor. */
export async function tinyHome(): Promise<OvmHome> {
  await buildTinyGuest()
  const home = await newHome()
  await home.json('build', '-f', join(projectFolder, 'examples/tiny/ovm.yaml'), '-t', TINY)
  return home
}
