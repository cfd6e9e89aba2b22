import { createHash } from 'node:crypto'
import { OvmsError } from '../base/error.ts'
import type { DiskImage } from '../block/disk-image.ts'
import type { OvmsManifest } from '../model/ovms-manifest.ts'
import { chooseAcceleration, type WantedAcceleration } from './acceleration.ts'
import { planDevices, type SharedMemory } from './devices.ts'
import type { HypervisorReport } from './hypervisor.ts'

export const ACCELERATORS = ['kvm', 'hvf', 'tcg'] as const
export type Accelerator = (typeof ACCELERATORS)[number]

/** A machine to be started, as data: everything is decided, checked and plain. */
export interface MachinePlan {
  /** The kernel's name: `x86_64`. */
  readonly architecture: string
  readonly acceleration: Accelerator
  readonly cpus: number
  readonly memoryMib: number
  readonly kernel?: KernelPlan
  readonly disk?: DiskPlan
  readonly devices: readonly SharedMemory[]
  readonly ports: readonly PortForward[]
  /** Of its network card: `52:54:00:…`, the same for the life of the instance. */
  readonly mac: string
}

export interface KernelPlan {
  readonly path: string
  readonly arguments: string
  readonly initrd?: string
}

export interface DiskPlan {
  /** Read-only, from the base upwards. The overlay of the instance lies on top. */
  readonly layers: readonly DiskFile[]
  /** Bytes the guest sees. */
  readonly virtualSize: number
}

export interface DiskFile extends DiskImage {
  readonly path: string
}

/** `host` on the loopback address leads to `guest`. */
export interface PortForward {
  readonly host: number
  readonly guest: number
  readonly protocol: 'tcp' | 'udp'
}

/** What a caller wants otherwise than the manifest or the defaults have it. */
export interface MachineOverrides {
  readonly cpus?: number
  readonly memoryMib?: number
  readonly kernelArguments?: string
  readonly ports?: readonly PortForward[]
  readonly acceleration?: WantedAcceleration
}

export interface PlanInput {
  readonly instanceId: string
  readonly manifest: OvmsManifest
  readonly files: MachineFiles
  readonly overrides: MachineOverrides
  readonly report: HypervisorReport
}

/** The blobs of the artifact as files whose headers were inspected. */
export interface MachineFiles {
  readonly kernel?: string
  readonly initrd?: string
  readonly disks: readonly DiskFile[]
}

const DEFAULT_CPUS = 1

/** Enough for a distribution's cloud image, little enough for ten machines on a laptop. */
const DEFAULT_MEMORY_MIB = 512

/**
 * Decides everything about a machine, and does nothing.
 *
 * @throws {OvmsError} `artifact-invalid`, `request-invalid`, `format-unsupported`, `not-supported`,
 * `acceleration-unavailable`
 */
export function planMachine({ instanceId, manifest, files, overrides, report }: PlanInput): MachinePlan {
  requireKnownSnapshot(manifest)
  const kernel = planKernel(manifest, files, overrides)
  const disk = planDisk(files.disks, report)
  if (!kernel && !disk) refuse('artifact-invalid', 'The machine has neither a kernel nor a disk to boot from')
  if (!kernel && manifest.metadata?.platform?.uefi)
    refuse('not-supported', 'The machine boots by UEFI, which is not supported yet')
  return {
    architecture: report.architecture,
    acceleration: chooseAcceleration(overrides.acceleration ?? 'auto', report),
    cpus: planCpus(overrides.cpus ?? DEFAULT_CPUS, report),
    memoryMib: overrides.memoryMib ?? DEFAULT_MEMORY_MIB,
    ...(kernel && { kernel }),
    ...(disk && { disk }),
    devices: planDevices(manifest.devices ?? [], report.capabilities),
    ports: planPorts(overrides.ports ?? [], report),
    mac: macOf(instanceId),
  }
}

function requireKnownSnapshot({ ramSnapshot }: OvmsManifest): void {
  const { compression = 'lz4' } = ramSnapshot ?? {}
  if (compression !== 'lz4' && compression !== 'zstd')
    refuse('format-unsupported', `The RAM snapshot is compressed with ${JSON.stringify(compression)}`)
}

function planKernel(
  manifest: OvmsManifest,
  { kernel, initrd }: MachineFiles,
  { kernelArguments }: MachineOverrides,
): KernelPlan | undefined {
  if (kernel === undefined) {
    if (initrd !== undefined) refuse('artifact-invalid', 'The machine has an initrd but no kernel')
    if (kernelArguments !== undefined)
      refuse('request-invalid', 'Kernel arguments were given, but this machine boots from its disk')
    return undefined
  }
  const text = kernelArguments ?? manifest.kernel?.args ?? ''
  const code = kernelArguments === undefined ? 'artifact-invalid' : 'request-invalid'
  return { path: kernel, arguments: checkArguments(text, code), ...(initrd !== undefined && { initrd }) }
}

/** They reach the kernel byte by byte; a line break or NUL would end them there, unseen by whoever wrote them. */
function checkArguments(text: string, code: 'artifact-invalid' | 'request-invalid'): string {
  const bad = /[\0\n\r]/.exec(text)?.[0]
  if (bad === undefined) return text
  throw new OvmsError(
    code,
    `Kernel arguments hold ${JSON.stringify(bad)}: ${JSON.stringify(text.slice(0, 160))}`,
    {
      actual: text,
      hint: 'Kernel arguments are one line; quotes and blanks are fine',
    },
  )
}

function planDisk(
  layers: readonly DiskFile[],
  { capabilities, name }: HypervisorReport,
): DiskPlan | undefined {
  const top = layers.at(-1)
  if (!top) return undefined
  const strange = layers.find(({ format }) => !capabilities.diskFormats.includes(format))
  if (strange) refuse('format-unsupported', `${name} does not know the disk format ${strange.format}`)
  return { layers, virtualSize: top.virtualSize }
}

function planCpus(cpus: number, { capabilities, name }: HypervisorReport): number {
  if (cpus > capabilities.maxCpus)
    refuse('request-invalid', `${name} gives a machine at most ${capabilities.maxCpus} cpus, not ${cpus}`)
  return cpus
}

function planPorts(ports: readonly PortForward[], { capabilities, name }: HypervisorReport) {
  const taken = new Set<string>()
  for (const { host, protocol } of ports) {
    const key = `${host}/${protocol}`
    if (taken.has(key)) refuse('request-invalid', `The host port ${key} is given twice`)
    if (!capabilities.portProtocols.includes(protocol))
      refuse('not-supported', `${name} does not forward ${protocol} ports`)
    taken.add(key)
  }
  return ports
}

/** In the range that QEMU and KVM use for themselves. */
function macOf(instanceId: string): string {
  const hex = createHash('sha256').update(instanceId).digest('hex')
  return `52:54:00:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}`
}

function refuse(
  code: 'artifact-invalid' | 'request-invalid' | 'format-unsupported' | 'not-supported',
  message: string,
): never {
  throw new OvmsError(code, message)
}
