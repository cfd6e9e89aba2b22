/** What the tiny guest loads, in the order in which each needs the one before; `init` has the same order. */
export const guestModules: Readonly<Record<string, 'needed' | 'optional'>> = {
  virtio_ring: 'needed',
  virtio: 'needed',
  virtio_pci_modern_dev: 'needed',
  virtio_pci_legacy_dev: 'needed',
  virtio_pci: 'needed',
  virtio_blk: 'needed',
  failover: 'optional',
  net_failover: 'optional',
  virtio_net: 'optional',
  virtio_console: 'optional',
  // The ACPI power button and the device file through which a program hears of it.
  button: 'optional',
  evdev: 'optional',
}

/** Modules that the kernel has built in are not files: only a needed one that is neither is an error. */
export function missingModules(found: readonly string[]) {
  return Object.keys(guestModules).filter((name) => guestModules[name] === 'needed' && !found.includes(name))
}
