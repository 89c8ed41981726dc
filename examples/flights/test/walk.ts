import { AS_OF, MAX_AGE } from '../expected.ts'
import { encodeHour, readHours } from '../hours.ts'

const HOUR_MS = 3_600_000
const started = performance.now()
const all = { hours: 0, rows: 0, bytes: 0 }
const expired = { hours: 0, rows: 0, bytes: 0 }
const paths: string[] = []
/** Paths of hours that break an order or a bound. */
const wrong: string[] = []
let previous = Number.NEGATIVE_INFINITY
let encodeMs = 0

for await (const hour of readHours()) {
  const before = performance.now()
  const bytes = encodeHour(hour).byteLength
  encodeMs += performance.now() - before
  for (const counts of hour.maxTime < AS_OF - MAX_AGE ? [all, expired] : [all]) {
    counts.hours++
    counts.rows += hour.rows
    counts.bytes += bytes
  }
  const { columns, path, rows, minTime, maxTime } = hour
  const inOrder = hour.hour > previous && hour.hour % HOUR_MS === 0
  const inside = hour.hour <= minTime && minTime <= maxTime && maxTime < hour.hour + HOUR_MS
  const full = Object.values(columns).every((column) => column.length === rows)
  const times = columns.date.map((micros) => Number(micros) / 1000)
  const bounded = minTime === Math.min(...times) && maxTime === Math.max(...times)
  if (!inOrder || !inside || !full || !bounded) wrong.push(path)
  paths.push(path)
  previous = hour.hour
}

const report = {
  all,
  expired,
  wrong,
  firstPath: paths.at(0),
  lastPath: paths.at(-1),
  distinctPaths: new Set(paths).size,
  encodeMs: Math.round(encodeMs),
  totalMs: Math.round(performance.now() - started),
  peakBytes: process.resourceUsage().maxRSS * 1024,
}
export type WalkReport = typeof report

process.stdout.write(JSON.stringify(report))
