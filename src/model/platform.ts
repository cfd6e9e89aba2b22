import type { Platform } from './descriptor.ts'

/** One architecture has two names: Go's on the OCI side, the kernel's on the OVMS side. spec/platforms.md */
const KERNEL_NAMES = new Map([
  ['amd64', 'x86_64'],
  ['x64', 'x86_64'],
  ['x86-64', 'x86_64'],
  ['arm64', 'aarch64'],
])

const GO_NAMES = new Map([
  ['x86_64', 'amd64'],
  ['aarch64', 'arm64'],
])

/** `amd64`, `x86-64`, `X86_64` → `x86_64`; a name that is not known stays as it is. */
export function kernelArchitecture(name: string): string {
  const lower = name.toLowerCase()
  return KERNEL_NAMES.get(lower) ?? lower
}

/** `x86_64` → `amd64`; a name that is not known stays as it is. */
export function goArchitecture(name: string): string {
  const kernel = kernelArchitecture(name)
  return GO_NAMES.get(kernel) ?? kernel
}

export function sameArchitecture(a: string, b: string): boolean {
  return kernelArchitecture(a) === kernelArchitecture(b)
}

/** How an OCI index names machines of `architecture`. */
export function ociPlatform(architecture: string): Platform {
  return { architecture: goArchitecture(architecture), os: 'linux' }
}
