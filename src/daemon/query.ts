import { OvmsError } from '../base/error.ts'

type Query = Readonly<Record<string, unknown>>

/** A switch: absent, `true` or `false`. @throws {OvmsError} `request-invalid` */
export function readFlag(query: Query, key: string): boolean {
  const value = query[key]
  if (value === undefined || value === 'false') return false
  if (value === 'true' || value === '') return true
  throw invalid(key, value, 'It is true or false')
}

/** A whole number from 0 up. @throws {OvmsError} `request-invalid` */
export function readCount(query: Query, key: string): number | undefined {
  const value = query[key]
  if (value === undefined) return undefined
  if (typeof value === 'string' && /^\d{1,15}$/.test(value)) return Number(value)
  throw invalid(key, value, 'It is a whole number')
}

/** A point in time. @throws {OvmsError} `request-invalid` */
export function readTime(query: Query, key: string): Date | undefined {
  const value = query[key]
  if (value === undefined) return undefined
  const time = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T/.test(value) ? new Date(value) : undefined
  if (time && !Number.isNaN(time.getTime())) return time
  throw invalid(key, value, 'It is a time such as 2030-01-31T12:00:00Z')
}

function invalid(key: string, value: unknown, hint: string): OvmsError {
  return new OvmsError('request-invalid', `The parameter ${key} cannot be ${JSON.stringify(value)}`, {
    actual: value,
    hint,
  })
}
