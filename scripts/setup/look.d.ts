import type { Seen } from './plan.js'

export function look(root: string): Seen
export function pinnedNodePath(root: string): string
export function pinnedNodeWorks(root: string): boolean
/** Looks in PATH and in the folders of system programs. */
export function findCommand(name: string): string | undefined
