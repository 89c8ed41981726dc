import { monotonicFactory } from 'ulid'
import type { Clock } from './clock.ts'

/** Makes ULIDs (26 characters, Crockford base 32) that sort by the time of their making. */
export interface Ids {
  next(): string
}

/** Ids of one process: strictly increasing even when the clock stands still or goes back. */
export function createIds(clock: Clock): Ids {
  const ulid = monotonicFactory()
  return { next: () => ulid(clock.now()) }
}

export const ULID_PATTERN = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/
