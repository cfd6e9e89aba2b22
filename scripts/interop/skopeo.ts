import { command } from '../command.ts'
import { findCommand } from '../setup/look.js'
import { missing, type Tool } from './table.ts'

/** skopeo needs C libraries to build; Debian has it as a package. */
export async function installSkopeo(): Promise<Tool> {
  const name = 'skopeo'
  const found = findCommand(name)
  if (found !== undefined) return { is: 'found', name, path: found }
  if (process.getuid?.() !== 0 || findCommand('apt-get') === undefined) {
    return missing(name, 'installed only by root on Debian: apt-get install skopeo')
  }
  try {
    await aptInstall(name)
    return { is: 'installed', name, path: findCommand(name) ?? name }
  } catch (error) {
    return missing(name, error)
  }
}

async function aptInstall(name: string) {
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const install = ['install', '-y', '--no-install-recommends', name]
  console.error(`interop: installing ${name} (only this once)`)
  await command('apt-get', install, { env }).catch(async () => {
    await command('apt-get', ['update'], { env })
    await command('apt-get', install, { env })
  })
}
