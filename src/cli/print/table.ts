import { stripVTControlCharacters } from 'node:util'

export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
}

/** Rows under their titles, columns as wide as their widest cell, two spaces apart. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const all = [columns.map(({ title }) => title), ...rows]
  const widths = columns.map((_, index) => Math.max(...all.map((row) => width(row[index] ?? ''))))
  return all.map((row) => formatRow(row, columns, widths)).join('\n')
}

function formatRow(row: readonly string[], columns: readonly Column[], widths: readonly number[]): string {
  const cells = columns.map(({ align }, index) => {
    const cell = row[index] ?? ''
    const padding = ' '.repeat(Math.max(0, (widths[index] ?? 0) - width(cell)))
    return align === 'right' ? padding + cell : cell + padding
  })
  return cells.join('  ').trimEnd()
}

function width(cell: string): number {
  return stripVTControlCharacters(cell).length
}
