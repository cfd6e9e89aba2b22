// Plain JavaScript on purpose: any Node >= 18 runs it, with nothing installed yet.
import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { act } from './setup/act.js'
import { look } from './setup/look.js'
import { planSetup } from './setup/plan.js'

export const root = fileURLToPath(new URL('..', import.meta.url))

/** Installs what is missing; true when the machine is ready. Says nothing when nothing is missing. */
export function setup() {
  const plan = planSetup(look(root))
  if (plan.refusal) console.error(plan.refusal)
  if (plan.says) console.error(plan.says)
  try {
    for (const step of plan.steps) act[step.does](root, step)
  } catch (error) {
    console.error(`setup: ${error.message}`)
    return false
  }
  return plan.refusal === undefined
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) process.exitCode = setup() ? 0 : 1
