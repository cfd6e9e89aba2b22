/** A fenced block: its language, the words behind it, and its text. */
export interface Block {
  readonly language: string
  readonly words: readonly string[]
  readonly text: string
  /** Of the opening fence, from 1. */
  readonly line: number
}

export interface Heading {
  readonly level: number
  readonly text: string
  /** What a link to it ends in. */
  readonly anchor: string
}

/** A line of prose: outside of blocks. */
export interface Line {
  readonly number: number
  readonly text: string
}

/** A document of Markdown, as far as the tests look at it. */
export class Markdown {
  readonly blocks: readonly Block[]
  readonly lines: readonly Line[]

  constructor(text: string) {
    const { blocks, lines } = split(text)
    this.blocks = blocks
    this.lines = lines
  }

  get headings(): readonly Heading[] {
    const used = new Map<string, number>()
    return this.lines.flatMap(({ text }) => {
      const [, hashes, title] = /^(#{1,6}) (.+?)\s*$/.exec(text) ?? []
      if (hashes === undefined || title === undefined) return []
      const plain = anchorOf(title)
      const earlier = used.get(plain) ?? 0
      used.set(plain, earlier + 1)
      return [{ level: hashes.length, text: title, anchor: earlier === 0 ? plain : `${plain}-${earlier}` }]
    })
  }

  /** Targets of the links, code spans left out. */
  get links(): readonly { readonly target: string; readonly line: number }[] {
    return this.lines.flatMap(({ text, number }) =>
      [...text.replaceAll(/`[^`]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => ({
        target,
        line: number,
      })),
    )
  }

  /** The lines below a heading, up to the next one of its level or above. */
  section(title: string): readonly string[] {
    const start = this.lines.findIndex(
      ({ text }) => text.replace(/^#+ /, '') === title && text.startsWith('#'),
    )
    if (start < 0) return []
    const level = (this.lines[start]?.text.match(/^#+/)?.[0] ?? '').length
    const rest = this.lines.slice(start + 1)
    const end = rest.findIndex(({ text }) => (/^(#+) /.exec(text)?.[1]?.length ?? 7) <= level)
    return (end < 0 ? rest : rest.slice(0, end)).map(({ text }) => text)
  }
}

/** The first cells of a table's rows without their backticks; head and rule left out. */
export function firstCells(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => /^\| `([^`]+)`/.exec(line)?.[1] ?? [])
}

/** As the usual forges make an anchor of a heading. */
function anchorOf(title: string): string {
  return title
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '')
    .replaceAll(' ', '-')
}

function split(text: string): { blocks: Block[]; lines: Line[] } {
  const blocks: Block[] = []
  const lines: Line[] = []
  let open: { fence: string; info: string; line: number; body: string[] } | undefined
  for (const [index, line] of text.split('\n').entries()) {
    const [, fence, info = ''] = /^\s*(`{3,}|~{3,})\s*(.*)$/.exec(line) ?? []
    if (open && fence?.startsWith(open.fence) && info === '') {
      const [language = '', ...words] = open.info.split(/\s+/)
      blocks.push({ language, words, text: open.body.join('\n'), line: open.line })
      open = undefined
    } else if (open) open.body.push(line)
    else if (fence !== undefined) open = { fence, info: info.trim(), line: index + 1, body: [] }
    else lines.push({ number: index + 1, text: line })
  }
  return { blocks, lines }
}
