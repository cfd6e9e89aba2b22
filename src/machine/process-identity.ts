import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { systemCode } from '../base/error.ts'

/** A process that cannot be mistaken for a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number
  /** Opaque: equal for the same process only, also across a reboot of the host. */
  readonly startTime: string
}

export interface ProcessUsage {
  /** Time on processors, milliseconds. */
  readonly cpuMs: number
  /** Memory in RAM, bytes. */
  readonly residentBytes: number
}

/** Who a pid is now; undefined when nobody is, or only a zombie. */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const startTime = process.platform === 'linux' ? await linuxStartTime(pid) : await posixStartTime(pid)
  return startTime === undefined ? undefined : { pid, startTime }
}

export async function isAlive({ pid, startTime }: ProcessIdentity): Promise<boolean> {
  return (await identify(pid))?.startTime === startTime
}

/**
 * Sends a signal, but only to the process that is meant. Between the look and the signal the pid could in theory be
 * given to another process; pids are handed out in turn, so that takes tens of thousands of processes in between.
 */
export async function signalProcess(target: ProcessIdentity, signal: NodeJS.Signals): Promise<void> {
  if (!(await isAlive(target))) return
  try {
    process.kill(target.pid, signal)
  } catch (error) {
    if (systemCode(error) !== 'ESRCH') throw error
  }
}

/** What a process uses; undefined where the system does not tell. */
export async function usageOf(target: ProcessIdentity): Promise<ProcessUsage | undefined> {
  const fields = await statFields(target.pid)
  if (!fields) return undefined
  const ticks = Number(fields[STAT.userTicks]) + Number(fields[STAT.systemTicks])
  return { cpuMs: ticks * MS_PER_TICK, residentBytes: Number(fields[STAT.residentPages]) * PAGE_BYTES }
}

/** Indexes into /proc/<pid>/stat behind the name of the program; see proc_pid_stat(5). */
const STAT = { state: 0, userTicks: 11, systemTicks: 12, startTicks: 19, residentPages: 21 } as const

/** USER_HZ, which Linux shows to programs on every architecture OVMS runs on. */
const MS_PER_TICK = 10
const PAGE_BYTES = 4096

async function linuxStartTime(pid: number): Promise<string | undefined> {
  const fields = await statFields(pid)
  if (!fields || fields[STAT.state] === 'Z' || fields[STAT.state] === 'X') return undefined
  return `${await bootId()}:${fields[STAT.startTicks]}`
}

/** The name of the program may hold blanks and parentheses, so the fields begin behind the last one. */
async function statFields(pid: number): Promise<string[] | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'latin1')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

let boot: Promise<string> | undefined

/** Names the time since the host was switched on. */
export function bootId(): Promise<string> {
  boot ??= readFile('/proc/sys/kernel/random/boot_id', 'latin1').then(
    (text) => text.trim(),
    () => 'unknown',
  )
  return boot
}

async function posixStartTime(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'stat=,lstart=', '-p', String(pid)])
    const [, state = 'Z', started = ''] = /^(\S+)\s+(.*\S)\s*$/.exec(stdout) ?? []
    return state.startsWith('Z') ? undefined : started
  } catch {
    return undefined
  }
}
