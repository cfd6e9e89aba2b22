/** Terminal colours, or none. */
export class Style {
  readonly #enabled: boolean

  constructor(enabled: boolean) {
    this.#enabled = enabled
  }

  bold = (text: string) => this.#wrap(text, 1, 22)
  dim = (text: string) => this.#wrap(text, 2, 22)
  red = (text: string) => this.#wrap(text, 31, 39)
  green = (text: string) => this.#wrap(text, 32, 39)
  yellow = (text: string) => this.#wrap(text, 33, 39)
  cyan = (text: string) => this.#wrap(text, 36, 39)

  #wrap(text: string, on: number, off: number): string {
    return this.#enabled ? `\u001b[${on}m${text}\u001b[${off}m` : text
  }
}

/** Text of strangers without what a terminal would obey. */
export function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '\u{fffd}')
}
