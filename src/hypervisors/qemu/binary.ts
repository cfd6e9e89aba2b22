import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access, readFile } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'
import { promisify } from 'node:util'
import { messageOf, OvmsError } from '../../base/error.ts'
import type { Signalled } from '../../base/signal.ts'

/**
 * Finds the program that emulates an architecture.
 *
 * @param override a path or name to use instead of `qemu-system-…`
 * @throws {OvmsError} `hypervisor-missing`, with the command that installs it
 */
export async function findBinary(architecture: string, override?: string): Promise<string> {
  const name = override ?? `qemu-system-${architecture}`
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  const candidates = isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name))
  for (const path of candidates) if (await isExecutable(path)) return path
  throw new OvmsError('hypervisor-missing', `${name} is not installed`, {
    actual: name,
    hint: await installHint(architecture),
  })
}

/**
 * The version of a QEMU program: `7.2.22`.
 *
 * @throws {OvmsError} `hypervisor-failed`
 */
export async function versionOf(binary: string, { signal }: Signalled = {}): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(binary, ['--version'], {
      timeout: 10_000,
      ...(signal && { signal }),
    })
    const version = /version (\d+(?:\.\d+)+)/.exec(stdout)?.[1]
    if (version !== undefined) return version
    throw new Error(`it says ${JSON.stringify(stdout.slice(0, 80))}`)
  } catch (cause) {
    signal?.throwIfAborted()
    throw new OvmsError('hypervisor-failed', `${binary} does not tell its version: ${messageOf(cause)}`, {
      cause,
    })
  }
}

interface Family {
  /** Words of `ID` and `ID_LIKE` in os-release(5). */
  readonly ids: readonly string[]
  readonly name: string
  readonly command: string
  readonly packages: Readonly<Record<string, string>>
}

const FAMILIES: readonly Family[] = [
  {
    ids: ['debian', 'ubuntu'],
    name: 'Debian, Ubuntu',
    command: 'sudo apt-get install',
    packages: { x86_64: 'qemu-system-x86', aarch64: 'qemu-system-arm' },
  },
  {
    ids: ['fedora', 'rhel', 'centos'],
    name: 'Fedora',
    command: 'sudo dnf install',
    packages: { x86_64: 'qemu-system-x86', aarch64: 'qemu-system-aarch64' },
  },
  {
    ids: ['arch'],
    name: 'Arch',
    command: 'sudo pacman -S',
    packages: { x86_64: 'qemu-system-x86', aarch64: 'qemu-system-aarch64' },
  },
  {
    ids: ['opensuse', 'suse'],
    name: 'openSUSE',
    command: 'sudo zypper install',
    packages: { x86_64: 'qemu-x86', aarch64: 'qemu-arm' },
  },
  {
    ids: ['darwin'],
    name: 'Homebrew',
    command: 'brew install',
    packages: { x86_64: 'qemu', aarch64: 'qemu' },
  },
]

/** The command for this system, or for each where it is not known. */
async function installHint(architecture: string): Promise<string> {
  const words = await systemWords()
  const family = FAMILIES.find(({ ids }) => ids.some((id) => words.includes(id)))
  if (family) return `Run: ${commandOf(family, architecture)}`
  return FAMILIES.map((each) => `${each.name}: ${commandOf(each, architecture)}`).join('; ')
}

function commandOf({ command, packages }: Family, architecture: string): string {
  return `${command} ${packages[architecture] ?? `qemu-system-${architecture}`}`
}

async function systemWords(): Promise<string[]> {
  if (process.platform !== 'linux') return [process.platform]
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '')
  return [...text.matchAll(/^ID(?:_LIKE)?=(.*)$/gm)].flatMap(([, value = '']) =>
    value.replaceAll('"', '').split(/[\s-]+/),
  )
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
