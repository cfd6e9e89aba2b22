import { spawnSync } from 'node:child_process'
import { accessSync, closeSync, constants, existsSync, openSync, readFileSync, readSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { packageOf } from './packages.js'

/** What this machine has and lacks: the input of `planSetup`. */
export function look(root) {
  const commands = Object.keys(packageOf).filter((command) => !usable(command))
  return {
    missing: {
      npmPackages: !npmPackagesMatch(root),
      pinnedNode: !pinnedNodeWorks(root),
      commands,
    },
    pinnedVersion: pinnedVersion(root),
    osRelease: read('/etc/os-release'),
    uid: process.getuid?.() ?? -1,
    hasSudo: commands.length > 0 && sudoWorks(),
    platform: process.platform,
  }
}

export function pinnedNodePath(root) {
  return join(root, 'node_modules/node/bin/node')
}

export function pinnedNodeWorks(root) {
  const { status, stdout } = spawnSync(pinnedNodePath(root), ['--version'], { encoding: 'utf8' })
  return status === 0 && stdout.trim() === `v${pinnedVersion(root)}`
}

export function findCommand(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

function pinnedVersion(root) {
  return JSON.parse(read(join(root, 'package.json'))).devDependencies.node
}

/** npm keeps what it installed in a second lock file; a package of another platform may be absent there. */
function npmPackagesMatch(root) {
  const installed = lockedPackages(join(root, 'node_modules/.package-lock.json'))
  return Object.entries(lockedPackages(join(root, 'package-lock.json')) ?? {}).every(
    ([path, wanted]) =>
      path === '' ||
      (installed?.[path]
        ? installed[path].version === wanted.version && existsSync(join(root, path))
        : wanted.optional),
  )
}

function lockedPackages(file) {
  return existsSync(file) ? JSON.parse(read(file)).packages : undefined
}

function usable(command) {
  const path = findCommand(command)
  return path !== undefined && (command !== 'busybox' || isStatic(path))
}

/** A dynamic program names its loader near the start of the file. */
function isStatic(path) {
  const start = Buffer.alloc(4096)
  const file = openSync(path, 'r')
  readSync(file, start)
  closeSync(file)
  return !/\/ld-(linux|musl)/.test(start.toString('latin1'))
}

function sudoWorks() {
  if (!findCommand('sudo')) return false
  return process.stdin.isTTY === true || spawnSync('sudo', ['-n', 'true']).status === 0
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function read(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}
