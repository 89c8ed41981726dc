import { kindOf } from '../hooks/tap.ts'

/** What somebody who has looked into a file says of its rows. Times are integer milliseconds since 1970 UTC. */
export interface FileTimes {
  /** No row is older. */
  readonly minTime?: number
  /** No row is newer. A time that is too small lets retention take the file too early: who is in doubt leaves it out. */
  readonly maxTime?: number
  readonly rows?: number
}

const FIELDS: readonly string[] = ['minTime', 'maxTime', 'rows'] satisfies (keyof FileTimes)[]
/** As the manifest takes them: 71,000 years. */
const MOST_MS = 2 ** 51

/** The answer of a tap, copied. @throws TypeError that says what it is instead */
export function readFileTimes(answer: unknown): FileTimes {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer))
    throw new TypeError(`resolved with ${kindOf(answer)}, not with times or undefined`)
  const given: [string, unknown][] = Object.entries(answer).filter(([, value]) => value !== undefined)
  const unknown = given.find(([field]) => !FIELDS.includes(field))
  if (unknown)
    throw new TypeError(`resolved with "${unknown[0]}", which is unknown; known are ${FIELDS.join(', ')}`)
  const times: FileTimes = Object.fromEntries(given)
  const { minTime, maxTime, rows } = times
  for (const [field, value] of [
    ['minTime', minTime],
    ['maxTime', maxTime],
  ] as const)
    if (value !== undefined && !(Number.isSafeInteger(value) && Math.abs(value) <= MOST_MS))
      throw new TypeError(`resolved with a ${field} that is not whole milliseconds within 2^51 of 1970`)
  if (rows !== undefined && !(Number.isSafeInteger(rows) && rows >= 0))
    throw new TypeError('resolved with rows that are not a whole number from 0')
  if (minTime !== undefined && maxTime !== undefined && minTime > maxTime)
    throw new TypeError('resolved with a minTime after its maxTime')
  return Object.freeze(times)
}
