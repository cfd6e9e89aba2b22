import { existsSync, statSync } from 'node:fs'

/** Whether the text is a path of the file system rather than a reference: it looks like one, and is there. */
export function isPath(text: string): boolean {
  if (/^(?:\/|\.\.?(?:\/|$)|~\/)/.test(text)) return true
  return (
    existsSync(text) &&
    statSync(text).isDirectory() &&
    (existsSync(`${text}/manifest.json`) || existsSync(`${text}/oci-layout`))
  )
}
