import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { ovm, PROGRAM } from './ovm.ts'

/** What the guest prints last before it powers off. */
export const MARKER = 'OVMS-TINY-READY'

export interface Boot {
  readonly console: string
  /** Milliseconds from `ovm run` to the first byte on the console, and to the marker. */
  readonly firstOutputMs: number
  readonly markerMs: number
  readonly exitCode: number
  readonly state: string
  readonly acceleration: string
  readonly hypervisor: string
}

/** Runs the artifact attached, as a person would, and watches its console. */
export async function bootAndWatch(home: string, name: string, machine: string): Promise<Boot> {
  const started = performance.now()
  let console = ''
  let firstOutputMs = Number.NaN
  let markerMs = Number.NaN
  const child = spawn(PROGRAM, ['run', name, '--offline', '--name', machine], {
    env: { ...process.env, OVM_HOME: home, OVM_SOCKET: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    console += text
    const elapsed = performance.now() - started
    if (Number.isNaN(firstOutputMs)) firstOutputMs = elapsed
    if (Number.isNaN(markerMs) && console.includes(MARKER)) markerMs = elapsed
    process.stdout.write(text.replaceAll(/^/gm, '    │ ').replace(/ {4}│ $/, ''))
  })
  const [exitCode] = await once(child, 'close')
  const instances = await ovm(home, ['ps', '-a'])
  const { state, acceleration, hypervisor } = instances.find(({ name }: { name: string }) => name === machine)
  return { console, firstOutputMs, markerMs, exitCode, state, acceleration, hypervisor }
}
