import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { pinnedNodePath, pinnedNodeWorks } from './look.js'

/** One action per step of a plan. Their output is noise unless they fail: then it becomes the error. */
export const act = {
  'npm-packages': (root) => run('npm', ['ci', '--no-progress', '--loglevel=error'], root),

  // Newer npm refuses install scripts, so the one script that matters is run here, with the npm of this machine.
  // It runs under the `node` of PATH: this very process may be the pinned one that `npm ci` just removed.
  'pinned-node': (root) => {
    run('node', ['installArchSpecificPackage.js'], join(root, 'node_modules/node'))
    if (pinnedNodeWorks(root)) return
    throw new Error(`${pinnedNodePath(root)} was installed and does not run on this machine`)
  },

  'apt-packages': (root, { packages, sudo }) => {
    const install = ['install', '-y', '--no-install-recommends', ...packages]
    if (attempt(...apt(sudo, install), root).ok) return
    // Lists that are absent or old are the usual reason, and fetching them always would make each run slow.
    run(...apt(sudo, ['update']), root)
    run(...apt(sudo, install), root)
  },
}

function apt(sudo, args) {
  const command = [
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    '-o',
    `DPkg::Lock::Timeout=${LOCK_SECONDS}`,
  ]
  const [first, ...rest] = [...(sudo ? ['sudo'] : []), ...command, ...args]
  return [first, rest]
}

/** A fresh machine often runs its own unattended upgrade for a minute or two. */
const LOCK_SECONDS = 300

function run(command, args, cwd) {
  const { ok, output } = attempt(command, args, cwd)
  if (!ok) throw new Error(`${output.trim()}\nfailed: ${command} ${args.join(' ')} (in ${cwd})`)
}

function attempt(command, args, cwd) {
  const result = spawnSync(command, args, { cwd, encoding: 'utf8', stdio: ['inherit', 'pipe', 'pipe'] })
  const output = result.error ? result.error.message : `${result.stdout}${result.stderr}`
  return { ok: result.status === 0, output }
}
