/** Which package brings each command, per family of distributions; null: that family has none. */
export const packageOf = {
  'qemu-system-x86_64': {
    debian: 'qemu-system-x86',
    fedora: 'qemu-system-x86-core',
    arch: 'qemu-system-x86',
    opensuse: 'qemu-x86',
    homebrew: 'qemu',
  },
  'qemu-img': {
    debian: 'qemu-utils',
    fedora: 'qemu-img',
    arch: 'qemu-img',
    opensuse: 'qemu-tools',
    homebrew: 'qemu',
  },
  // Static, because it is copied alone into the guest's initrd.
  busybox: {
    debian: 'busybox-static',
    fedora: 'busybox',
    arch: 'busybox',
    opensuse: 'busybox-static',
    homebrew: null,
  },
  'mkfs.ext4': everywhere('e2fsprogs'),
  debugfs: everywhere('e2fsprogs'),
  cpio: everywhere('cpio'),
}

export const installCommand = {
  debian: ['apt-get', 'install', '-y', '--no-install-recommends'],
  fedora: ['dnf', 'install', '-y'],
  arch: ['pacman', '-S', '--needed'],
  opensuse: ['zypper', 'install', '-y'],
  homebrew: ['brew', 'install'],
}

export function packagesFor(commands, family) {
  const names = commands.map((command) => packageOf[command][family]).filter((name) => name !== null)
  return [...new Set(names)]
}

function everywhere(name) {
  return { debian: name, fedora: name, arch: name, opensuse: name, homebrew: name }
}
