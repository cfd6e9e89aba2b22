import { OvmsError } from '../base/error.ts'

/**
 * Proves that a title is a plain file name, and so may become one. A title is never a path. spec/descriptors.md
 *
 * @throws {OvmsError} `title-invalid`
 */
export function parseTitle(title: string): string {
  const isPlain = /^[^/\\\p{Cc}]{1,255}$/u.test(title) && title !== '.' && title !== '..'
  if (isPlain) return title
  throw new OvmsError('title-invalid', `A title must be a plain file name, not ${JSON.stringify(title)}`, {
    actual: title,
    hint: 'Whoever published this artifact must rename the file; do not trust it before',
  })
}
