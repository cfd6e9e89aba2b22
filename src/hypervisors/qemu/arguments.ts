import { OvmsError } from '../../base/error.ts'
import { FORWARD_ADDRESS } from '../../machine/host-ports.ts'
import type { DiskFile, DiskPlan, KernelPlan, MachinePlan, PortForward } from '../../machine/plan.ts'

/**
 * Names of what QEMU makes in its working directory, the instance folder. They are relative: the path of a socket may
 * have 107 bytes only, and none of them holds a comma, which would end a value.
 */
export const QEMU_FILES = {
  overlay: 'overlay.qcow2',
  console: 'console.log',
  consoleSocket: 'console.sock',
  control: 'control.sock',
  pid: 'hypervisor.pid',
} as const

/** QEMU 7.2 docs: no obsolete calls, no new privileges, no new programs, no changed limits. */
const SANDBOX = 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'

interface Board {
  readonly machine: string
  readonly serial: readonly string[]
}

const BOARDS: Readonly<Record<string, Board>> = {
  x86_64: { machine: 'q35,usb=off', serial: ['-device', 'isa-serial,chardev=console'] },
  aarch64: { machine: 'virt,usb=off,gic-version=max', serial: ['-serial', 'chardev:console'] },
}

/** Architectures of which there is a board here. */
export const QEMU_ARCHITECTURES = Object.keys(BOARDS)

/**
 * The arguments that make QEMU run a plan. They never pass a shell. Every node of the disk chain is named, so that no
 * file name inside an image is followed.
 *
 * @throws {OvmsError} `not-supported` for an architecture without a board, `internal` for text that cannot be passed
 */
export function qemuArguments(plan: MachinePlan): string[] {
  const board = boardOf(plan.architecture)
  const all = [
    ...['-nodefaults', '-no-user-config', '-display', 'none'],
    ...['-sandbox', SANDBOX],
    ...['-machine', board.machine],
    ...['-accel', plan.acceleration],
    ...['-cpu', plan.acceleration === 'tcg' ? 'max' : 'host'],
    ...['-smp', String(plan.cpus)],
    ...['-m', `${plan.memoryMib}M`],
    ...['-rtc', 'base=utc'],
    ...['-pidfile', QEMU_FILES.pid],
    ...controlArguments(),
    ...consoleArguments(board),
    ...['-object', json({ 'qom-type': 'rng-builtin', id: 'entropy' })],
    ...['-device', json({ driver: 'virtio-rng-pci', rng: 'entropy' })],
    ...(plan.kernel ? kernelArguments(plan.kernel) : []),
    ...(plan.disk ? diskArguments(plan.disk, plan.kernel === undefined) : []),
    ...plan.devices.flatMap(({ size }, index) => sharedMemoryArguments(size, index)),
    ...(plan.ports.length > 0 ? networkArguments(plan.ports, plan.mac) : []),
  ]
  return all.map(checkText)
}

function boardOf(architecture: string): Board {
  const board = Object.hasOwn(BOARDS, architecture) ? BOARDS[architecture] : undefined
  if (board) return board
  throw new OvmsError(
    'not-supported',
    `QEMU machines of architecture ${JSON.stringify(architecture)} are not known here`,
    {
      actual: architecture,
      hint: `Known are ${QEMU_ARCHITECTURES.join(' and ')}`,
    },
  )
}

function controlArguments(): string[] {
  const socket = `socket,id=control,path=${QEMU_FILES.control},server=on,wait=off`
  return ['-chardev', socket, '-mon', 'chardev=control,mode=control']
}

function consoleArguments({ serial }: Board): string[] {
  const log = `logfile=${QEMU_FILES.console},logappend=on`
  const socket = `socket,id=console,path=${QEMU_FILES.consoleSocket},server=on,wait=off,${log}`
  return ['-chardev', socket, ...serial]
}

function kernelArguments({ path, initrd, arguments: text }: KernelPlan): string[] {
  return [
    '-kernel',
    path,
    ...(initrd === undefined ? [] : ['-initrd', initrd]),
    ...(text === '' ? [] : ['-append', text]),
  ]
}

function diskArguments({ layers }: DiskPlan, isBootDisk: boolean): string[] {
  const nodes = layers.map((layer, index) => layerNode(layer, index))
  const device = { driver: 'virtio-blk-pci', drive: 'disk', ...(isBootDisk && { bootindex: 0 }) }
  return [
    ...[...nodes, overlayNode(layers.length - 1)].flatMap((node) => ['-blockdev', json(node)]),
    '-device',
    json(device),
  ]
}

/** The lowest node says that nothing lies below it, whatever its header says. */
function layerNode({ path, format }: DiskFile, index: number): object {
  return {
    driver: format,
    'node-name': layerName(index),
    'read-only': true,
    file: { driver: 'file', filename: path, 'read-only': true },
    ...(format === 'qcow2' && { backing: index === 0 ? null : layerName(index - 1) }),
  }
}

function overlayNode(top: number): object {
  return {
    driver: 'qcow2',
    'node-name': 'disk',
    discard: 'unmap',
    file: { driver: 'file', filename: QEMU_FILES.overlay, discard: 'unmap' },
    backing: layerName(top),
  }
}

function layerName(index: number): string {
  return `layer${index}`
}

/** The manifest's name of a device is for people; QEMU gets one of ours. */
function sharedMemoryArguments(size: number, index: number): string[] {
  const memory = { 'qom-type': 'memory-backend-memfd', id: `memory${index}`, size, share: true }
  const device = { driver: 'ivshmem-plain', id: `shared${index}`, memdev: memory.id }
  return ['-object', json(memory), '-device', json(device)]
}

/** Without an option ROM: nobody boots from this card, and the file may not be installed. */
function networkArguments(ports: readonly PortForward[], mac: string): string[] {
  const forwards = ports.map(
    ({ protocol, host, guest }) => `hostfwd=${protocol}:${FORWARD_ADDRESS}:${host}-:${guest}`,
  )
  const device = { driver: 'virtio-net-pci', netdev: 'network', mac, romfile: '' }
  return ['-netdev', ['user', 'id=network', ...forwards].join(','), '-device', json(device)]
}

function json(value: object): string {
  return JSON.stringify(value)
}

/** The system ends an argument at a NUL, and a line break in a kernel argument would hide what follows from readers. */
function checkText(text: string): string {
  if (!/[\0\n\r]/.test(text)) return text
  throw new OvmsError('internal', `An argument of QEMU holds a NUL or line break: ${JSON.stringify(text)}`)
}
