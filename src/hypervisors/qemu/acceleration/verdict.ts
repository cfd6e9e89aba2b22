/** What was seen of a run of the probe guest. */
export interface ProbeRun {
  /** The letters the guest wrote, one before each stage. */
  readonly stages: string
  /** What QEMU wrote to its standard error. */
  readonly words: string
  readonly code: number | null
  readonly killedBy: NodeJS.Signals | null
  /** The limit was over before it had ended. */
  readonly isOver: boolean
  /** From the start of the process to its end, milliseconds. */
  readonly ms: number
}

export interface Verdict {
  readonly works: boolean
  /** In words. */
  readonly reason: string
}

/** isa-debug-exit ends QEMU with twice the written byte plus one; the guest writes 42. */
const SUCCESS_STATUS = 85

/** What the guest does behind each letter of `probe.S`. */
const STAGES: Readonly<Record<string, string>> = {
  r: 'starting in real mode',
  p: 'switching to protected mode',
  l: 'switching to long mode',
  c: 'the instruction popcnt',
  x: 'the instruction cmpxchg16b',
  g: 'the instruction xgetbv',
  s: 'SSE moves',
  b: 'BMI1 instructions',
  B: 'BMI2 instructions',
  n: 'a loop of 50 million steps',
  d: 'ending',
  '!': 'giving wrong results',
}

/** Decides whether an accelerator can run a kernel. */
export function verdictOf(run: ProbeRun): Verdict {
  const { code, killedBy, isOver, ms, words, stages } = run
  if (code === SUCCESS_STATUS) return { works: true, reason: `a test guest ran in ${ms} ms` }
  const stage = STAGES[stages.at(-1) ?? ''] ?? 'the first instruction'
  const isError = words.includes('KVM internal error')
  if (isOver && !isError)
    return { works: false, reason: `a test guest was not done after ${ms} ms, at ${stage}` }
  if (isError)
    return { works: false, reason: `KVM gave up on a test guest at ${stage} (${firstLine(words)})` }
  if (stages.endsWith('!'))
    return { works: false, reason: `a test guest got wrong results, after ${resultStage(stages)}` }
  const end = killedBy ?? `status ${code}`
  if (stages === '') return { works: false, reason: `QEMU ended (${end}): ${firstLine(words)}` }
  return { works: false, reason: `a test guest failed at ${stage} (${end})` }
}

function resultStage(stages: string): string {
  return STAGES[stages.at(-2) ?? ''] ?? 'the first instruction'
}

/** Warnings about missing CPU features come by the dozen before what matters. */
function firstLine(words: string): string {
  const lines = words.split('\n').filter((line) => line !== '' && !line.includes('warning:'))
  return (lines[0] ?? 'it said nothing').replace(/^\S*qemu-system-[a-z0-9_]+: /, '').slice(0, 200)
}
