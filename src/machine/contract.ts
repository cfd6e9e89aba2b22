import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sleep } from '../base/signal.ts'
import type { Hypervisor, RunningMachine } from './hypervisor.ts'
import { InstancePaths } from './instance-paths.ts'
import type { MachinePlan } from './plan.ts'
import { stopMachine } from './stop.ts'

/** What a guest of the suite does after it has written a line to its console. */
export type ContractGuest =
  /** Switches itself off. */
  | 'brief'
  /** Waits for the power button, then switches itself off. */
  | 'obedient'
  /** Runs for ever. */
  | 'deaf'

export interface ContractSubject {
  readonly name: string
  /** A hypervisor for one test. */
  readonly open: () => Hypervisor
  /** The plan of a guest; its console's first line is `hello`. */
  readonly plan: (guest: ContractGuest, hypervisor: Hypervisor) => Promise<MachinePlan>
  /** Why the suite cannot run here. */
  readonly skip?: string | false
}

/** How long a guest may take to say its line, ms. */
const PATIENCE_MS = 20_000

/** What every {@link Hypervisor} must do. Call it in a test file of node:test. */
export function hypervisorContract({ name, open, plan, skip = false }: ContractSubject): void {
  const check = (claim: string, run: (bench: Bench) => Promise<void>) =>
    test(`${name} ${claim}`, { skip, timeout: 2 * PATIENCE_MS }, async () => {
      await using bench = await Bench.open(open(), plan)
      await run(bench)
    })

  check('names an acceleration that works, and says why others do not', async ({ hypervisor }) => {
    const { accelerations } = await hypervisor.probe()
    assert.ok(accelerations.some(({ works }) => works))
    for (const { reason } of accelerations) assert.notEqual(reason, '')
  })

  check('writes the console of a guest to its file', async (bench) => {
    await bench.start('deaf')
    await bench.hello()
  })

  check('tells that a guest switched itself off', async (bench) => {
    const machine = await bench.start('brief')
    assert.deepEqual(await machine.exited, { how: 'powered-off' })
  })

  check('presses the power button', async (bench) => {
    const machine = await bench.start('obedient')
    await bench.hello()
    await machine.powerDown()
    assert.deepEqual(await machine.exited, { how: 'powered-off' })
  })

  check('ends in order when the guest does not listen', async (bench) => {
    const machine = await bench.start('deaf')
    await bench.hello()
    await stopMachine(machine, { timeoutMs: 100, onKill: () => assert.fail('it had to be killed') })
    assert.deepEqual(await machine.exited, { how: 'quit' })
  })

  check('tells that a machine was killed', async (bench) => {
    const machine = await bench.start('deaf')
    machine.kill()
    assert.equal((await machine.exited).how, 'died')
  })

  check('finds a machine again that it let go of', async (bench) => {
    const machine = await bench.start('obedient')
    await bench.hello()
    machine.detach()
    const found = await bench.adopt()
    assert.deepEqual(found?.process, machine.process)
    await found?.powerDown()
    assert.deepEqual(await found?.exited, { how: 'powered-off' })
    assert.equal(await bench.adopt(), undefined)
  })

  check('finds a machine again of which not even the process is known', async (bench) => {
    const machine = await bench.start('deaf')
    machine.detach()
    const found = await bench.hypervisor.adopt(bench.paths)
    assert.deepEqual(found?.process, machine.process)
    found?.kill()
    await found?.exited
  })

  check('leaves nothing behind when a start is aborted', async (bench) => {
    const reason = new Error('changed my mind')
    await assert.rejects(bench.start('deaf', AbortSignal.abort(reason)), reason)
    assert.equal(await bench.adopt(), undefined)
  })
}

/** One instance folder, and whatever machine was started in it. */
class Bench implements AsyncDisposable {
  readonly hypervisor: Hypervisor
  readonly paths: InstancePaths
  readonly #plan: ContractSubject['plan']
  #machine: RunningMachine | undefined

  private constructor(hypervisor: Hypervisor, folder: string, plan: ContractSubject['plan']) {
    this.hypervisor = hypervisor
    this.paths = new InstancePaths(folder)
    this.#plan = plan
  }

  static async open(hypervisor: Hypervisor, plan: ContractSubject['plan']): Promise<Bench> {
    return new Bench(hypervisor, await mkdtemp(join(tmpdir(), 'ovms-contract-')), plan)
  }

  async start(guest: ContractGuest, signal?: AbortSignal): Promise<RunningMachine> {
    const plan = await this.#plan(guest, this.hypervisor)
    this.#machine = await this.hypervisor.start(plan, this.paths, { signal })
    return this.#machine
  }

  adopt(): Promise<RunningMachine | undefined> {
    return this.hypervisor.adopt(this.paths, this.#machine?.process)
  }

  /** Waits for the line of the guest. */
  async hello(): Promise<void> {
    const end = Date.now() + PATIENCE_MS
    while (Date.now() < end) {
      const text = await readFile(this.paths.console, 'utf8').catch(() => '')
      if (/hello\r?\n/.test(text)) return
      await sleep(10)
    }
    assert.fail('The guest did not say hello')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#machine?.detach()
    const left = await this.hypervisor.adopt(this.paths, this.#machine?.process)
    left?.kill()
    await left?.exited
    await rm(this.paths.folder, { recursive: true, force: true })
  }
}
