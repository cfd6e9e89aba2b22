import { OvmsError } from '../base/error.ts'

/** What Linux and macOS let a file name have, in bytes. */
const MAX_TITLE_BYTES = 255

/**
 * Proves that a title is a plain file name, and so may become one. A title is never a path. spec/descriptors.md
 *
 * @throws {OvmsError} `title-invalid`
 */
export function parseTitle(title: string): string {
  const isPlain = /^[^/\\\p{Cc}\p{Cs}]+$/u.test(title) && title !== '.' && title !== '..'
  if (isPlain && Buffer.byteLength(title) <= MAX_TITLE_BYTES) return title
  throw new OvmsError('title-invalid', `A title must be a plain file name, not ${JSON.stringify(title)}`, {
    actual: title,
    hint: 'Whoever published this artifact must rename the file; do not trust it before',
  })
}
