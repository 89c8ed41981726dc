const DAY_MS = 86_400_000

/** The last millisecond of a day in UTC, written as `2026-05-31`; undefined for what is no day. */
export function endOfDay(text: unknown): number | undefined {
  const start = typeof text === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : Number.NaN
  // Date.parse takes the 31st of February for a day in March.
  if (Number.isNaN(start) || new Date(start).toISOString().slice(0, 10) !== text) return undefined
  return start + DAY_MS - 1
}
