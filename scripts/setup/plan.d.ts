export interface Seen {
  readonly missing: {
    readonly npmPackages: boolean
    readonly pinnedNode: boolean
    readonly commands: readonly string[]
  }
  readonly pinnedVersion: string
  /** Text of /etc/os-release, empty where there is none. */
  readonly osRelease: string
  readonly uid: number
  readonly hasSudo: boolean
  /** As in `process.platform`. */
  readonly platform: string
}

export interface Step {
  readonly does: 'npm-packages' | 'pinned-node' | 'apt-packages'
  readonly says: string
  readonly packages?: readonly string[]
  readonly sudo?: boolean
}

export interface Plan {
  readonly steps: readonly Step[]
  /** The one line to print before the steps. */
  readonly says?: string
  /** Why nothing is done, and the command that helps. */
  readonly refusal?: string
}

export function planSetup(seen: Seen): Plan
