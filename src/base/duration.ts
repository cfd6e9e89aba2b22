/** `84 ms`, `4.2 s`, `3m 07s`, `2h 05m`, `3d 4h`: what a person needs of it. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${pad(seconds % 60)}s`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h ${pad(Math.floor((seconds % 3600) / 60))}m`
  return `${Math.floor(seconds / 86_400)}d ${Math.floor((seconds % 86_400) / 3600)}h`
}

/** Reads `500ms`, `10s`, `5m`, `1h`, `24h`, `7d`; a bare number is seconds. @returns ms, or undefined. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim())
  if (!match) return undefined
  const factor = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] ?? 's']
  const ms = Number(match[1]) * (factor ?? Number.NaN)
  return Number.isFinite(ms) ? ms : undefined
}

function pad(value: number): string {
  return String(value).padStart(2, '0')
}
