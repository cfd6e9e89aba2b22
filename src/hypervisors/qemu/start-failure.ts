import { OvmsError } from '../../base/error.ts'

/** What QEMU's last words before a machine ran mean. */
export function startFailure(words: string, cause: string): OvmsError {
  const known = KNOWN.find(({ pattern }) => pattern.test(words))
  if (known)
    return new OvmsError(known.code, `${known.message}: ${words}`, { actual: words, hint: known.hint })
  const said = words === '' ? 'it said nothing' : words
  return new OvmsError('hypervisor-failed', `QEMU did not start the machine (${cause}): ${said}`, {
    actual: words,
    hint: 'See "ovm doctor" for what works on this host',
  })
}

const KNOWN = [
  {
    pattern: /Could not set up host forwarding rule/,
    code: 'port-in-use',
    message: 'A host port is in use',
    hint: 'Choose another host port with -p HOST:GUEST',
  },
  {
    pattern:
      /failed to initialize (?:kvm|hvf)|Could not access KVM|accelerator .* not found|kvm_buf_set_msrs/i,
    code: 'acceleration-unavailable',
    message: 'The acceleration does not work',
    hint: 'Use --accel tcg',
  },
  {
    pattern: /cannot set up guest memory|Cannot allocate memory/i,
    code: 'hypervisor-failed',
    message: 'The host has not enough memory for the machine',
    hint: 'Ask for less with --memory',
  },
] as const
