import { Markdown } from './markdown.ts'
import { filesBelow, read } from './project.ts'

export const chapters: readonly string[] = filesBelow('spec/', '.md')

export interface Requirement {
  readonly id: string
  /** The chapter that states it. */
  readonly path: string
}

/** Every requirement, in the order of the chapters and their lines. */
export function requirements(): readonly Requirement[] {
  return chapters.flatMap((path) =>
    new Markdown(read(path)).lines.flatMap(({ text }) => {
      const id = /^- \*\*`([a-z]+-\d+)`\*\* /.exec(text)?.[1]
      return id === undefined ? [] : [{ id, path }]
    }),
  )
}

export interface ErrorSection {
  readonly meaning: string | undefined
  readonly exit: number
  readonly http: number
}

/** What spec/errors.md says of each code. */
export function errorSections(): ReadonlyMap<string, ErrorSection> {
  const document = new Markdown(read('spec/errors.md'))
  const codes = document.headings.filter(({ level }) => level === 3).map(({ text }) => text)
  return new Map(
    codes.map((code) => {
      const lines = document.section(code).filter((line) => line !== '')
      const [, exit, http] = /^Exit status (\d+), HTTP status (\d+)\.$/.exec(lines.at(-1) ?? '') ?? []
      return [code, { meaning: lines[0], exit: Number(exit), http: Number(http) }]
    }),
  )
}

/** The lines of one section of a chapter. */
export function section(path: string, title: string): readonly string[] {
  return new Markdown(read(path)).section(title)
}
