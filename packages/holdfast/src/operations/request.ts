import { inspect } from 'node:util'
import { HoldfastError, suggestion } from '@holdfast/core'

/** What a field of a request may hold. */
interface Field<Required extends boolean> {
  readonly takes: string
  readonly required: Required
  holds(value: unknown): boolean
}

/** Every field of a request. One that may be left out has to be said to be optional, and no other. */
export type Fields<Request extends object> = {
  readonly [F in keyof Request]-?: Field<Record<never, never> extends Pick<Request, F> ? false : true>
}

const field = (takes: string, holds: (value: unknown) => boolean): Field<true> => ({
  takes,
  required: true,
  holds,
})

export const text = field('a text', (value) => typeof value === 'string')
export const texts = field('a list of texts', (value) => Array.isArray(value) && value.every(text.holds))
/** Only these two: nothing else is ever taken for a yes. */
export const flag = field('true or false', (value) => typeof value === 'boolean')
export const count = field(
  'a whole number from 0',
  (value) => Number.isSafeInteger(value) && (value as number) >= 0,
)
export const time = field('a time, ms since 1970 UTC', Number.isSafeInteger)
export const object = field(
  'an object',
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
)
export const objects = field(
  'a list of objects',
  (value) => Array.isArray(value) && value.every(object.holds),
)
export const textsByName = field(
  'an object of texts',
  (value) => object.holds(value) && Object.values(value as object).every(text.holds),
)

export const optional = (of: Field<true>): Field<false> => ({ ...of, required: false })

export function either(one: Field<true>, other: Field<true>): Field<true> {
  return field(`${one.takes} or ${other.takes}`, (value) => one.holds(value) || other.holds(value))
}

/**
 * A request comes from outside: whoever can open the socket may have written anything.
 * @throws HF_REQUEST_INVALID with every problem
 */
export function checkRequest<Request extends object>(asked: object, fields: Fields<Request>): void {
  const known: Readonly<Record<string, Field<boolean>>> = fields
  const names = Object.keys(known)
  const problems: string[] = []
  for (const name of Object.keys(asked))
    if (!names.includes(name))
      problems.push(
        `"${name}" is unknown,${suggestion(name, names) || ` known are ${names.join(', ') || 'none'}`}`,
      )
  for (const [name, { takes, required, holds }] of Object.entries(known)) {
    const value = (asked as Readonly<Record<string, unknown>>)[name]
    if (value === undefined ? required : !holds(value))
      problems.push(
        value === undefined ? `${name} is missing` : `${name} is ${shown(value)}; it takes ${takes}`,
      )
  }
  if (problems.length > 0) throw invalid(problems)
}

/** @throws HF_REQUEST_INVALID unless exactly one of these fields was given */
export function checkOneOf(asked: object, names: readonly string[]): void {
  const given = names.filter((name) => (asked as Readonly<Record<string, unknown>>)[name] !== undefined)
  if (given.length !== 1) throw invalid([`it takes one of ${names.join(', ')}`])
}

function invalid(problems: readonly string[]): HoldfastError {
  return new HoldfastError(
    'HF_REQUEST_INVALID',
    `the node cannot take this request: ${problems.join('; ')}`,
    { context: { problems } },
  )
}

function shown(value: unknown): string {
  return inspect(value, { depth: 1, breakLength: Infinity, maxStringLength: 80, maxArrayLength: 3 })
}
