import { type Knob, shape } from '@holdfast/core'

/** A part of every day in UTC, in minutes after midnight. It may pass midnight: from 22:00 to 06:00. */
export interface Window {
  readonly from: number
  readonly to: number
}

const TIMES = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/
const DAY_MINUTES = 24 * 60

/** A knob that takes `22:00-06:00`. */
export function window(doc: string): Knob<Window> {
  return shape({
    doc,
    takes: 'a part of the day in UTC, such as 22:00-06:00',
    default: '00:00-00:00',
    read(value) {
      const parts = typeof value === 'string' ? TIMES.exec(value) : null
      if (!parts) throw new Error('it is not two times of day')
      const [h1, m1, h2, m2] = parts.slice(1).map(Number) as [number, number, number, number]
      return { from: h1 * 60 + m1, to: h2 * 60 + m2 }
    },
  })
}

/** Milliseconds until the window opens; 0 while it is open. A window that ends when it begins is the whole day. */
export function untilOpen({ from, to }: Window, now: number): number {
  const date = new Date(now)
  const minute = date.getUTCHours() * 60 + date.getUTCMinutes()
  const length = (to - from + DAY_MINUTES) % DAY_MINUTES || DAY_MINUTES
  if ((minute - from + DAY_MINUTES) % DAY_MINUTES < length) return 0
  const minutes = (from - minute + DAY_MINUTES) % DAY_MINUTES
  return minutes * 60_000 - (date.getUTCSeconds() * 1000 + date.getUTCMilliseconds())
}
