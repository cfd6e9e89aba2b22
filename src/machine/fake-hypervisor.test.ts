import { hypervisorContract } from './contract.ts'
import { FakeHypervisor } from './fake-hypervisor.ts'
import type { MachinePlan } from './plan.ts'

const plan: Omit<MachinePlan, 'kernel'> = {
  architecture: 'x86_64',
  acceleration: 'tcg',
  cpus: 1,
  memoryMib: 64,
  devices: [],
  ports: [],
  mac: '52:54:00:00:00:01',
}

hypervisorContract({
  name: 'the fake',
  open: () =>
    new FakeHypervisor({
      onStart: (guest) => {
        guest.print('hello\r\n')
        if (guest.plan.kernel?.arguments === 'brief') guest.powerOff()
      },
      onPowerButton: (guest) => {
        if (guest.plan.kernel?.arguments === 'obedient') guest.powerOff()
      },
    }),
  plan: async (guest) => ({ ...plan, kernel: { path: '/none', arguments: guest } }),
})
