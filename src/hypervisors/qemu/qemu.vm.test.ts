import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { type ContractGuest, hypervisorContract } from '../../machine/contract.ts'
import { Qemu } from './qemu.ts'
import { qemuSkip, type TestGuestMode, testGuestPlan } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'ovms-qemu-'))
after(() => rmSync(folder, { recursive: true }))

const MODES: Readonly<Record<ContractGuest, TestGuestMode>> = {
  brief: 'off',
  obedient: 'button',
  deaf: 'deaf',
}

hypervisorContract({
  name: 'QEMU q35',
  open: () => new Qemu({ cacheFolder: folder }),
  plan: async (guest) => testGuestPlan(folder, MODES[guest]),
  skip: qemuSkip,
})
