import { duration } from '@holdfast/core'
import { InvalidArgumentError } from 'commander'

/** A flag's value: a whole number from 0. */
export function wholeNumber(text: string): number {
  const number = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number))
    throw new InvalidArgumentError('It is not a whole number from 0.')
  return number
}

const TIME = duration({ doc: 'a time', zero: 'at once' })

/** A flag's value: a time such as `30d` or `90m`, in milliseconds. */
export function timeSpan(text: string): number {
  try {
    return TIME.read(/^\d+$/.test(text) ? Number(text) : text)
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`)
  }
}

/** Whatever else JavaScript takes for a date, in whatever time zone, nobody has meant. */
const DATE = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/
/** From 1973 to 2286: a year or a day without dashes, and seconds, are not taken for the first minutes of 1970. */
const MILLISECONDS = /^\d{12,13}$/

/** A flag's value: a moment, as ISO text or milliseconds since 1970 UTC. */
export function moment(text: string): number {
  const ms = MILLISECONDS.test(text) ? Number(text) : DATE.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isSafeInteger(ms)) return ms
  throw new InvalidArgumentError(
    'It is no date, such as 2026-05-31 or 2026-05-31T14:00Z, and no number of ms since 1970 of 12 or 13 digits.',
  )
}

/** A flag that can be given several times, or with commas. */
export function list(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...text.split(',').filter((part) => part !== '')]
}

/** A flag `<name>=<value>` that can be given several times; a value is JSON where it can be, otherwise text. */
export function settings(
  text: string,
  before: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('It is not <name>=<value>.')
  return { ...before, [text.slice(0, at)]: jsonOr(text.slice(at + 1)) }
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
