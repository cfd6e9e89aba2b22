// node scripts/run.js SCRIPT [args…]: sets the machine up, then runs SCRIPT with the pinned Node.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { delimiter, dirname } from 'node:path'
import { pinnedNodePath } from './setup/look.js'
import { root, setup } from './setup.js'

if (setup()) runPinned(process.argv.slice(2))
else process.exitCode = 1

function runPinned(args) {
  const node = pinnedNodePath(root)
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` }
  const child = spawn(node, args, { stdio: 'inherit', env })
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) process.on(signal, () => passOn(signal, child))
  child.on('error', (error) => fail(`cannot run ${node}: ${error.message}`))
  // A shell reports a program that died of a signal as 128 plus the signal's number.
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
}

/** On a terminal Ctrl-C already reached the child: a second one would cut its clean-up short. */
function passOn(signal, child) {
  if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
}

function fail(message) {
  console.error(`run: ${message}`)
  process.exit(1)
}
