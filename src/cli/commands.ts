import type { Command } from 'commander'
import type { Context } from './context.ts'

/** What a file in `commands/` exports. */
export interface CommandModule {
  /** Declares arguments, options, examples and the action. */
  define(command: Command, context: Context): void
}

export interface CommandEntry {
  readonly name: string
  readonly summary: string
  readonly group: 'Artifacts' | 'Machines' | 'Store' | 'This program'
  readonly load: () => Promise<CommandModule>
}

/** All commands. Only the one that runs is loaded: starting the program must cost nothing that is not used. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'build',
    group: 'Artifacts',
    summary: 'Make an artifact of a kernel, an initrd and disks',
    load: () => import('./commands/build.ts'),
  },
  {
    name: 'push',
    group: 'Artifacts',
    summary: 'Send an artifact to a registry',
    load: () => import('./commands/push.ts'),
  },
  {
    name: 'pull',
    group: 'Artifacts',
    summary: 'Fetch an artifact from a registry',
    load: () => import('./commands/pull.ts'),
  },
  {
    name: 'inspect',
    group: 'Artifacts',
    summary: 'Show what an artifact is made of, here or in a registry',
    load: () => import('./commands/inspect.ts'),
  },
  {
    name: 'validate',
    group: 'Artifacts',
    summary: 'Check an artifact against every rule of the spec',
    load: () => import('./commands/validate.ts'),
  },
  {
    name: 'save',
    group: 'Artifacts',
    summary: 'Write artifacts into an OCI archive',
    load: () => import('./commands/save.ts'),
  },
  {
    name: 'load',
    group: 'Artifacts',
    summary: 'Read artifacts from an OCI archive or layout',
    load: () => import('./commands/load.ts'),
  },
  {
    name: 'run',
    group: 'Machines',
    summary: 'Start a machine from an artifact',
    load: () => import('./commands/run.ts'),
  },
  { name: 'ps', group: 'Machines', summary: 'List machines', load: () => import('./commands/ps.ts') },
  {
    name: 'logs',
    group: 'Machines',
    summary: 'Show what a machine printed',
    load: () => import('./commands/logs.ts'),
  },
  { name: 'stop', group: 'Machines', summary: 'Stop machines', load: () => import('./commands/stop.ts') },
  {
    name: 'rm',
    group: 'Machines',
    summary: 'Remove machines that have stopped',
    load: () => import('./commands/rm.ts'),
  },
  {
    name: 'ls',
    group: 'Store',
    summary: 'List the artifacts in the local store',
    load: () => import('./commands/ls.ts'),
  },
  {
    name: 'tag',
    group: 'Store',
    summary: 'Give an artifact another name',
    load: () => import('./commands/tag.ts'),
  },
  {
    name: 'untag',
    group: 'Store',
    summary: 'Take a name away, keep the artifact',
    load: () => import('./commands/untag.ts'),
  },
  {
    name: 'rmi',
    group: 'Store',
    summary: 'Remove artifacts from the local store',
    load: () => import('./commands/rmi.ts'),
  },
  {
    name: 'prune',
    group: 'Store',
    summary: 'Remove what nothing needs any more',
    load: () => import('./commands/prune.ts'),
  },
  {
    name: 'registry',
    group: 'This program',
    summary: 'Run the embedded registry',
    load: () => import('./commands/registry.ts'),
  },
  {
    name: 'daemon',
    group: 'This program',
    summary: 'Run the daemon in the foreground',
    load: () => import('./commands/daemon.ts'),
  },
  {
    name: 'doctor',
    group: 'This program',
    summary: 'Check what this host can do',
    load: () => import('./commands/doctor.ts'),
  },
  {
    name: 'completion',
    group: 'This program',
    summary: 'Print the completion script for a shell',
    load: () => import('./commands/completion.ts'),
  },
  {
    name: 'version',
    group: 'This program',
    summary: 'Print the version',
    load: () => import('./commands/version.ts'),
  },
]
