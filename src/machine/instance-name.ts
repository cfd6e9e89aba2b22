import { OvmsError } from '../base/error.ts'

const NAME = /^[a-z0-9](?:[a-z0-9_.-]{0,61}[a-z0-9])?$/
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/**
 * Proves that a name can be given to an instance: it is never taken for an id.
 *
 * @throws {OvmsError} `request-invalid`
 */
export function parseInstanceName(name: string): string {
  if (NAME.test(name) && !ID.test(name)) return name
  throw new OvmsError('request-invalid', `An instance cannot be called ${JSON.stringify(name)}`, {
    actual: name,
    hint: 'A name has up to 63 lower-case letters, digits, "-", "_" and ".", and begins and ends with a letter or digit',
  })
}

/** A name for an instance that was given none: what the machine is called, and the beginning of its id. */
export function nameFor(machineName: string, id: string): string {
  const words = machineName.toLowerCase().match(/[a-z0-9]+/g) ?? ['machine']
  return `${words.join('-').slice(0, 40)}-${id.slice(0, 8)}`
}
