import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { MachinePlan } from '../../machine/plan.ts'
import { qemuArguments } from './arguments.ts'

const plan: MachinePlan = {
  architecture: 'x86_64',
  acceleration: 'tcg',
  cpus: 2,
  memoryMib: 768,
  kernel: { path: '/blobs/kernel', initrd: '/blobs/initrd', arguments: `console=ttyS0 name="a 'b' $(c)"` },
  disk: {
    layers: [
      { path: '/blobs/base', format: 'raw', virtualSize: 4096 },
      { path: '/blobs/middle', format: 'qcow2', virtualSize: 4096 },
      { path: '/blobs/a,b"c', format: 'qcow2', virtualSize: 4096 },
    ],
    virtualSize: 4096,
  },
  devices: [{ type: 'ivshmem', name: 'x,share=off', size: 65_536 }],
  ports: [
    { host: 8080, guest: 80, protocol: 'tcp' },
    { host: 5353, guest: 53, protocol: 'udp' },
  ],
  mac: '52:54:00:12:34:56',
}

/** One argument a line. Where they change on purpose: look at the difference, then write the file again. */
const golden = readFileSync(new URL('./arguments.golden.txt', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')

describe('qemuArguments()', () => {
  test('gives what the golden file says', () => {
    assert.deepEqual(qemuArguments(plan), golden)
  })

  test('says of the lowest qcow2 layer that nothing lies below it', () => {
    const layers = plan.disk?.layers.slice(1) ?? []
    const [lowest, next] = blockdevs({ ...plan, disk: { layers, virtualSize: 4096 } })
    assert.equal(lowest?.['backing'], null)
    assert.equal(next?.['backing'], 'layer0')
  })

  test('opens every node of an artifact read-only, and names what lies below it', () => {
    const nodes = blockdevs(plan)
    for (const node of nodes.slice(0, -1)) {
      assert.equal(node['read-only'], true)
      assert.equal((node['file'] as Record<string, unknown>)['read-only'], true)
      if (node['driver'] === 'qcow2') assert.ok('backing' in node)
    }
    assert.equal(nodes.at(-1)?.['backing'], 'layer2')
  })

  test('boots from the disk where there is no kernel', () => {
    const { kernel: _kernel, ...kernelless } = plan
    const text = qemuArguments(kernelless)
    assert.ok(text.includes('{"driver":"virtio-blk-pci","drive":"disk","bootindex":0}'))
    assert.ok(!text.includes('-kernel'))
  })

  test('gives no network where no ports are asked for', () => {
    assert.ok(!qemuArguments({ ...plan, ports: [] }).some((each) => each.includes('net')))
  })

  test('uses the processor of the host where an accelerator runs on it', () => {
    const text = qemuArguments({ ...plan, acceleration: 'kvm' })
    assert.equal(text[text.indexOf('-cpu') + 1], 'host')
    assert.equal(text[text.indexOf('-accel') + 1], 'kvm')
  })

  test('knows the board of aarch64', () => {
    const text = qemuArguments({ ...plan, architecture: 'aarch64' })
    assert.match(text[text.indexOf('-machine') + 1] ?? '', /^virt,/)
    assert.equal(text[text.indexOf('-serial') + 1], 'chardev:console')
  })

  test('refuses an architecture without a board', () => {
    assert.throws(() => qemuArguments({ ...plan, architecture: 's390x' }), { code: 'not-supported' })
    assert.throws(() => qemuArguments({ ...plan, architecture: 'constructor' }), { code: 'not-supported' })
  })

  for (const [name, bad] of [
    ['NUL', 'a\0b'],
    ['a newline', 'a\nb'],
    ['a carriage return', 'a\rb'],
  ] as const) {
    test(`refuses ${name} in kernel arguments`, () => {
      const kernel = { path: '/blobs/kernel', arguments: bad }
      assert.throws(() => qemuArguments({ ...plan, kernel }), { code: 'internal' })
    })
  }
})

function blockdevs(of: MachinePlan): Record<string, unknown>[] {
  const text = qemuArguments(of)
  return text.flatMap((each, index) => (text[index - 1] === '-blockdev' ? [JSON.parse(each)] : []))
}
