import { installCommand, packagesFor } from './packages.js'

/** What to do about what is missing. Pure: everything it knows about the machine stands in `seen`. */
export function planSetup(seen) {
  const { npmPackages, pinnedNode, commands } = seen.missing
  const family = familyOf(seen)
  const packages = family === 'debian' ? packagesFor(commands, family) : []
  if (commands.length > 0 && !(family === 'debian' && mayInstall(seen))) {
    return { steps: [], refusal: refusal(commands, family) }
  }
  const steps = [
    ...(npmPackages ? [{ does: 'npm-packages', says: 'npm packages' }] : []),
    // `npm ci` clears node_modules, and the pinned Node with it.
    ...(npmPackages || pinnedNode ? [{ does: 'pinned-node', says: `Node ${seen.pinnedVersion}` }] : []),
    ...(packages.length > 0 ? [aptStep(packages, seen)] : []),
  ]
  return steps.length === 0 ? { steps } : { steps, says: `setup: installing ${list(steps)} (only this once)` }
}

function aptStep(packages, { uid }) {
  return { does: 'apt-packages', says: packages.join(', '), packages, sudo: uid !== 0 }
}

function familyOf({ platform, osRelease }) {
  if (platform === 'darwin') return 'homebrew'
  if (platform !== 'linux') return undefined
  const words = [...osRelease.matchAll(/^ID(?:_LIKE)?=(.*)$/gm)].flatMap(([, value]) =>
    value.replaceAll('"', '').split(' '),
  )
  return families.find(([name]) => words.some((word) => word === name || word.startsWith(`${name}-`)))?.[1]
}

const families = [
  ['debian', 'debian'],
  ['ubuntu', 'debian'],
  ['fedora', 'fedora'],
  ['rhel', 'fedora'],
  ['arch', 'arch'],
  ['opensuse', 'opensuse'],
  ['suse', 'opensuse'],
]

function mayInstall({ uid, hasSudo }) {
  return uid === 0 || hasSudo
}

function refusal(commands, family) {
  const shown = family ? [family] : Object.keys(installCommand)
  const lines = shown.map((name) => `  ${family ? '' : `${name}: `}${commandLine(commands, name)}`)
  const notes = shown.includes('homebrew') ? [homebrewNote] : []
  return [
    `setup: missing on this machine: ${commands.join(', ')}. Install them with`,
    ...lines,
    ...notes,
  ].join('\n')
}

const homebrewNote =
  '  (on a Mac, run the VMs with `--accel hvf`; the example guest is made from a Debian kernel, on Debian)'

function commandLine(commands, family) {
  const root = family === 'homebrew' ? [] : ['sudo']
  return [...root, ...installCommand[family], ...packagesFor(commands, family)].join(' ')
}

function list(steps) {
  return steps.map((step) => step.says).join(', ')
}
