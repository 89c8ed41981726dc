const BYTES = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const
const TIMES = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const

/** `1.4 GiB` */
export function size(bytes: number): string {
  let [value, unit] = [bytes, 0]
  for (; value >= 1024 && unit < BYTES.length - 1; unit++) value /= 1024
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${BYTES[unit]}`
}

/** `2,126` */
export function count(number: number): string {
  return Math.round(number).toLocaleString('en-US')
}

/** `2,126 files`, `1 file` */
export function counted(number: number, what: string): string {
  return `${count(number)} ${number === 1 ? what : `${what}s`}`
}

/** `2026-05-31 14:00:05`, UTC; a dash where there is none. */
export function time(ms: number | undefined): string {
  if (ms === undefined) return '-'
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString().slice(0, -5).replace('T', ' ')
}

/** `3h 20m`: the two largest units. */
export function duration(ms: number): string {
  let rest = Math.max(0, ms)
  const parts: string[] = []
  for (const [unit, length] of TIMES) {
    const whole = Math.floor(rest / length)
    rest -= whole * length
    if (whole > 0 || parts.length > 0) parts.push(`${whole}${unit}`)
    if (parts.length === 2) break
  }
  if (parts.length === 0) return ms < 1000 ? `${Math.round(ms)}ms` : '0s'
  return parts.filter((part, index) => index === 0 || !part.startsWith('0')).join(' ')
}
