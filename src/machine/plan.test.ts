import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MEDIA_TYPES } from '../model/media-types.ts'
import type { OvmsManifest } from '../model/ovms-manifest.ts'
import { slowerThanHoped } from './acceleration.ts'
import type { HypervisorReport } from './hypervisor.ts'
import { type MachineOverrides, type PlanInput, planMachine } from './plan.ts'

const report: HypervisorReport = {
  name: 'qemu',
  version: '7.2.22',
  binary: '/usr/bin/qemu-system-x86_64',
  architecture: 'x86_64',
  accelerations: [
    { name: 'kvm', works: false, reason: 'there is no /dev/kvm' },
    { name: 'tcg', works: true, reason: 'QEMU emulates every instruction' },
  ],
  capabilities: { maxCpus: 4, diskFormats: ['qcow2', 'raw'], devices: ['ivshmem'], portProtocols: ['tcp'] },
}

const manifest: OvmsManifest = {
  schemaVersion: 1,
  mediaType: MEDIA_TYPES.ovmsManifest,
  name: 'tiny',
  version: '1',
  kernel: { ref: 'sha256:0', args: 'console=ttyS0' },
}

const input: PlanInput = {
  instanceId: '11111111-2222-4333-8444-555555555555',
  manifest,
  files: {
    kernel: '/kernel',
    initrd: '/initrd',
    disks: [{ path: '/base', format: 'qcow2', virtualSize: 4096 }],
  },
  overrides: {},
  report,
}

const withOverrides = (overrides: MachineOverrides) => planMachine({ ...input, overrides })
const withDevice = (device: object) =>
  planMachine({ ...input, manifest: { ...manifest, devices: [{ type: 'ivshmem', name: 'x', ...device }] } })

describe('planMachine()', () => {
  test('takes what the manifest says and fills in the rest', () => {
    assert.deepEqual(planMachine(input), {
      architecture: 'x86_64',
      acceleration: 'tcg',
      cpus: 1,
      memoryMib: 512,
      kernel: { path: '/kernel', arguments: 'console=ttyS0', initrd: '/initrd' },
      disk: { layers: [{ path: '/base', format: 'qcow2', virtualSize: 4096 }], virtualSize: 4096 },
      devices: [],
      ports: [],
      mac: planMachine(input).mac,
    })
  })

  test('prefers what the caller says', () => {
    const ports = [{ host: 8080, guest: 80, protocol: 'tcp' }] as const
    const plan = withOverrides({ cpus: 4, memoryMib: 64, kernelArguments: `a="b 'c'"`, ports })
    assert.deepEqual(
      [plan.cpus, plan.memoryMib, plan.kernel?.arguments, plan.ports],
      [4, 64, `a="b 'c'"`, ports],
    )
  })

  test('gives an instance the same MAC for ever, and another one another', () => {
    assert.match(planMachine(input).mac, /^52:54:00(?::[0-9a-f]{2}){3}$/)
    assert.equal(planMachine(input).mac, planMachine({ ...input }).mac)
    assert.notEqual(planMachine(input).mac, planMachine({ ...input, instanceId: 'other' }).mac)
  })

  test('boots from a disk alone', () => {
    const { kernel: _kernel, ...kernelless } = manifest
    const plan = planMachine({ ...input, manifest: kernelless, files: { disks: input.files.disks } })
    assert.equal(plan.kernel, undefined)
  })

  for (const size of [4096, 65_536, 2 ** 26, 2 ** 40]) {
    test(`takes shared memory of ${size} bytes`, () =>
      assert.equal(withDevice({ size }).devices[0]?.size, size))
  }

  const refused: readonly [string, () => unknown, string][] = [
    ['shared memory without a size', () => withDevice({}), 'artifact-invalid'],
    ['shared memory of no power of two', () => withDevice({ size: 65_537 }), 'artifact-invalid'],
    [
      'shared memory just below a large power of two',
      () => withDevice({ size: 2 ** 53 - 1 }),
      'artifact-invalid',
    ],
    ['shared memory smaller than a page', () => withDevice({ size: 2048 }), 'artifact-invalid'],
    ['a device of unknown type', () => withDevice({ type: 'teapot' }), 'format-unsupported'],
    [
      'a newline in kernel arguments of the caller',
      () => withOverrides({ kernelArguments: 'a\nb' }),
      'request-invalid',
    ],
    [
      'NUL in kernel arguments of the caller',
      () => withOverrides({ kernelArguments: 'a\0b' }),
      'request-invalid',
    ],
    [
      'a newline in kernel arguments of the manifest',
      () => planMachine({ ...input, manifest: { ...manifest, kernel: { ref: '', args: 'a\nb' } } }),
      'artifact-invalid',
    ],
    ['neither kernel nor disk', () => planMachine({ ...input, files: { disks: [] } }), 'artifact-invalid'],
    [
      'an initrd without a kernel',
      () => planMachine({ ...input, files: { initrd: '/i', disks: [] } }),
      'artifact-invalid',
    ],
    ['more cpus than the hypervisor has', () => withOverrides({ cpus: 5 }), 'request-invalid'],
    [
      'a host port that is given twice',
      () =>
        withOverrides({
          ports: [
            { host: 8080, guest: 80, protocol: 'tcp' },
            { host: 8080, guest: 81, protocol: 'tcp' },
          ],
        }),
      'request-invalid',
    ],
    [
      'a protocol the hypervisor does not forward',
      () => withOverrides({ ports: [{ host: 53, guest: 53, protocol: 'udp' }] }),
      'not-supported',
    ],
    [
      'an acceleration that does not work',
      () => withOverrides({ acceleration: 'kvm' }),
      'acceleration-unavailable',
    ],
    [
      'an acceleration of another system',
      () => withOverrides({ acceleration: 'hvf' }),
      'acceleration-unavailable',
    ],
  ]
  for (const [name, plan, code] of refused) test(`refuses ${name}`, () => assert.throws(plan, { code }))
})

describe('slowerThanHoped()', () => {
  test('says why a machine is emulated', () => {
    assert.match(slowerThanHoped('tcg', report) ?? '', /kvm does not work here \(there is no \/dev\/kvm\)/)
  })

  test('is silent where emulation was asked for, or is all there is', () => {
    const [kvm, tcg] = report.accelerations as [
      (typeof report.accelerations)[0],
      (typeof report.accelerations)[0],
    ]
    assert.equal(
      slowerThanHoped('tcg', { ...report, accelerations: [{ ...kvm, works: true }, tcg] }),
      undefined,
    )
    assert.equal(slowerThanHoped('tcg', { ...report, accelerations: [tcg] }), undefined)
  })
})
