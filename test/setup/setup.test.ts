import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planSetup, type Seen } from '../../scripts/setup/plan.js'

test('a machine with everything needs no step and no word', () => {
  assert.deepEqual(planSetup(machine({})), { steps: [] })
})

test('what is missing is installed in the order in which each part needs the one before, said in one line', () => {
  const plan = planSetup(
    machine({ missing: { npmPackages: true, pinnedNode: true, commands: ['qemu-img', 'cpio'] } }),
  )
  assert.deepEqual(
    plan.steps.map((step) => step.does),
    ['npm-packages', 'pinned-node', 'apt-packages'],
  )
  assert.equal(plan.says, 'setup: installing npm packages, Node 24.1.0, qemu-utils, cpio (only this once)')
})

test('installing the npm packages removes the pinned Node, so it is installed again', () => {
  const plan = planSetup(machine({ missing: { npmPackages: true, pinnedNode: false, commands: [] } }))
  assert.deepEqual(
    plan.steps.map((step) => step.does),
    ['npm-packages', 'pinned-node'],
  )
})

test('two commands of one package install that package once', () => {
  const [step] = planSetup(machine({ missing: without('mkfs.ext4', 'debugfs') })).steps
  assert.deepEqual(step?.packages, ['e2fsprogs'])
})

test('root installs directly, a user with sudo through sudo', () => {
  const missing = without('cpio')
  assert.equal(planSetup(machine({ missing })).steps[0]?.sudo, false)
  assert.equal(planSetup(machine({ missing, uid: 1000, hasSudo: true })).steps[0]?.sudo, true)
})

test('a user without sudo gets the command and nothing is installed', () => {
  const plan = planSetup(machine({ uid: 1000, missing: without('busybox') }))
  assert.deepEqual(plan.steps, [])
  assert.match(
    plan.refusal ?? '',
    /busybox.*\n {2}sudo apt-get install -y --no-install-recommends busybox-static$/,
  )
})

const commandOfSystem = [
  ['Fedora', 'linux', 'ID=fedora', 'sudo dnf install -y qemu-img cpio'],
  [
    'a rebuild of RHEL',
    'linux',
    'ID="rocky"\nID_LIKE="rhel centos fedora"',
    'sudo dnf install -y qemu-img cpio',
  ],
  ['Arch', 'linux', 'ID=arch', 'sudo pacman -S --needed qemu-img cpio'],
  [
    'openSUSE',
    'linux',
    'ID="opensuse-leap"\nID_LIKE="suse opensuse"',
    'sudo zypper install -y qemu-tools cpio',
  ],
  ['a Mac', 'darwin', '', 'brew install qemu cpio'],
] as const

for (const [name, platform, osRelease, command] of commandOfSystem) {
  test(`${name} gets its own command, even as root`, () => {
    const plan = planSetup(machine({ platform, osRelease, missing: without('qemu-img', 'cpio') }))
    assert.deepEqual(plan.steps, [])
    assert.equal(plan.refusal?.split('\n')[1], `  ${command}`)
  })
}

test('Ubuntu counts as Debian', () => {
  const plan = planSetup(machine({ osRelease: 'ID=ubuntu\nID_LIKE=debian', missing: without('cpio') }))
  assert.deepEqual(plan.steps[0]?.packages, ['cpio'])
})

test('an unknown system gets the commands of all five, with the accelerator of a Mac', () => {
  const { refusal = '' } = planSetup(machine({ osRelease: 'ID=plan9', missing: without('cpio') }))
  for (const family of ['debian', 'fedora', 'arch', 'opensuse', 'homebrew']) {
    assert.match(refusal, new RegExp(`^ {2}${family}: .*install|^ {2}${family}: sudo pacman -S`, 'm'))
  }
  assert.match(refusal, /--accel hvf/)
})

function machine(facts: Partial<Seen>): Seen {
  const system = { osRelease: 'ID=debian', uid: 0, hasSudo: false, platform: 'linux' }
  return { missing: without(), pinnedVersion: '24.1.0', ...system, ...facts }
}

function without(...commands: string[]): Seen['missing'] {
  return { npmPackages: false, pinnedNode: false, commands }
}
