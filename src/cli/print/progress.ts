import { formatBytes } from '../../base/bytes.ts'
import { formatDuration } from '../../base/duration.ts'
import type { TransferEvent } from '../../content/transfer-event.ts'
import type { Output } from './output.ts'

/** How often the bars are drawn again, ms: smooth to the eye, nothing to the processor. */
const FRAME_MS = 100

/** Cells of a bar: as many as look good, fewer on a narrow terminal, so that the time left is never cut off. */
const BAR_WIDTH = { most: 24, least: 4 }

/** Most cells of a title. */
const TITLE_WIDTH = 24

/** Cells beside title and bar in the longest line, as ` [] 1000.0 MiB / 10.00 GiB  1000 MiB/s  ETA 10m 30s`. */
const COUNTS_WIDTH = 52

/** Smallest blob with a bar of its own, in bytes: manifests and configs are over before they can be seen. */
const SHOWN_BYTES = 16 * 1024

interface Item {
  readonly title: string
  readonly size: number
  done: number
  state: 'moving' | 'copied' | 'present'
}

interface Widths {
  readonly titleWidth: number
  readonly barWidth: number
}

/**
 * Shows transfers on stderr: a bar for each blob and one for all with speed and time left, on a terminal; else a line
 * for each blob when it is through.
 */
export class Progress implements Disposable {
  readonly #output: Output
  readonly #items = new Map<string, Item>()
  readonly #started = performance.now()
  readonly #timer: NodeJS.Timeout | undefined
  readonly #speed = new Speed()
  #drawn = 0
  #isFinished = false

  constructor(output: Output) {
    this.#output = output
    if (this.#isDrawing) this.#timer = setInterval(() => this.#draw(), FRAME_MS).unref()
  }

  readonly onEvent = (event: TransferEvent): void => {
    if (event.is === 'begin') {
      this.#items.set(event.id, { title: event.title, size: event.size, done: 0, state: 'moving' })
      return
    }
    const item = this.#items.get(event.id)
    if (!item) return
    if (event.is === 'bytes') {
      item.done = Math.min(item.size, item.done + event.bytes)
      if (event.how === 'moved') this.#speed.add(event.bytes)
      return
    }
    item.state = event.how
    item.done = item.size
    if (!this.#isDrawing) this.#output.say(`${item.title}: ${formatBytes(item.size)} ${doneWord(item)}`)
  }

  /** Draws the last state; what is printed afterwards stands below it. */
  finish(): void {
    if (this.#isFinished) return
    this.#isFinished = true
    clearInterval(this.#timer)
    if (this.#isDrawing && this.#items.size > 0) this.#draw()
  }

  [Symbol.dispose](): void {
    this.finish()
  }

  get #isDrawing(): boolean {
    return this.#output.isTerminal && !this.#output.quiet && !this.#output.json
  }

  #draw(): void {
    const items = [...this.#items.values()]
    const shown = items.filter(({ size }) => size >= SHOWN_BYTES)
    const titleWidth = Math.min(TITLE_WIDTH, Math.max(5, ...shown.map(({ title }) => title.length)))
    // A terminal that was never told its size says 0.
    const width = (this.#output.stderr.columns || 80) - 1
    const barWidth = Math.max(BAR_WIDTH.least, Math.min(BAR_WIDTH.most, width - titleWidth - COUNTS_WIDTH))
    const lines = [
      ...shown.map((item) => this.#itemLine(item, { titleWidth, barWidth })),
      this.#totalLine(items, { titleWidth, barWidth }),
    ]
    const up = this.#drawn > 0 ? `\u001b[${this.#drawn}A` : ''
    this.#output.stderr.write(up + lines.map((line) => `\u001b[2K${line.slice(0, width)}\n`).join(''))
    this.#drawn = lines.length
  }

  #itemLine(item: Item, { titleWidth, barWidth }: Widths): string {
    const title = item.title.slice(0, titleWidth).padEnd(titleWidth)
    const state = item.state === 'moving' ? '' : `  ${doneWord(item)}`
    return `${title} ${bar(item.done, item.size, barWidth)} ${formatBytes(item.done).padStart(9)} / ${formatBytes(item.size)}${state}`
  }

  #totalLine(items: readonly Item[], { titleWidth, barWidth }: Widths): string {
    const done = items.reduce((sum, item) => sum + item.done, 0)
    const size = items.reduce((sum, item) => sum + item.size, 0)
    const speed = this.#speed.perSecond()
    const isDone = items.every(({ state }) => state !== 'moving')
    const left = speed > 0 ? `ETA ${formatDuration(((size - done) / speed) * 1000)}` : ''
    const time = isDone ? `in ${formatDuration(performance.now() - this.#started)}` : left
    const counts = `${formatBytes(done).padStart(9)} / ${formatBytes(size)}  ${formatBytes(speed)}/s  ${time}`
    return `${'total'.padEnd(titleWidth)} ${bar(done, size, barWidth)} ${counts}`
  }
}

/** Bytes a second over the last few seconds, so that a stall shows. */
class Speed {
  static readonly #WINDOW_MS = 3000
  readonly #samples: { at: number; bytes: number }[] = []
  readonly #started = performance.now()

  add(bytes: number): void {
    const at = performance.now()
    const last = this.#samples.at(-1)
    if (last && at - last.at < FRAME_MS) last.bytes += bytes
    else this.#samples.push({ at, bytes })
  }

  perSecond(): number {
    const now = performance.now()
    while ((this.#samples[0]?.at ?? now) < now - Speed.#WINDOW_MS) this.#samples.shift()
    const bytes = this.#samples.reduce((sum, sample) => sum + sample.bytes, 0)
    const ms = Math.max(FRAME_MS, Math.min(Speed.#WINDOW_MS, now - this.#started))
    return (bytes / ms) * 1000
  }
}

function bar(done: number, size: number, width: number): string {
  const filled = size === 0 ? width : Math.floor((done / size) * width)
  return `[${'━'.repeat(filled)}${' '.repeat(width - filled)}]`
}

function doneWord({ state }: Item): string {
  return state === 'present' ? 'already there' : 'done'
}
