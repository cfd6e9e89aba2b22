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

/** Text of strangers without what a terminal would obey, on one line. */
export function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '\u{fffd}')
}

/** As {@link plain}, for text that may have several lines and colours of our own. */
export function harmless(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
  return text.replaceAll(/\u001b\[[0-9;]*m|[\n\t]|[\p{Cc}\p{Cf}]/gu, (found) =>
    /^[\p{Cc}\p{Cf}]$/u.test(found) && !/[\n\t]/.test(found) ? '\u{fffd}' : found,
  )
}
