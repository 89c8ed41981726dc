import { duration, type Knob, shape } from '@holdfast/core'

/** A rule that says when files expire. */
export interface Policy {
  /** Unique among the policies; stands in every op, log line and audit event as `retention:<id>`. */
  readonly id: string
  /** Glob over paths: `**`, `sales/**`, `logs/*.json`. */
  readonly match: string
  /** A file expires when its newest row is older than this, ms. */
  readonly maxAge: number
  /** Added to maxAge, ms. */
  readonly buffer: number
  /** A file is kept at least this long after it was written, by the real clock, ms. */
  readonly minAge: number
  readonly active: boolean
}

/** A policy as it is declared: times in milliseconds or as text (`90d`). */
export interface PolicyOptions {
  readonly id: string
  readonly match: string
  readonly maxAge: number | string
  /** Default 0. */
  readonly buffer?: number | string
  /** Default 24h. */
  readonly minAge?: number | string
  /** Default true. */
  readonly active?: boolean
}

const ID = /^[a-z0-9]+(-[a-z0-9]+)*$/
const FIELDS: readonly (keyof Policy)[] = ['id', 'match', 'maxAge', 'buffer', 'minAge', 'active']
const TIME = duration({ doc: 'a time of a policy', default: 0 })

/** The knob that takes a list of policies and names every problem with them. */
export function policies(): Knob<readonly Policy[]> {
  return shape({
    doc: 'When files expire. Without policies nothing does. In a policy, buffer and minAge may be 0, maxAge is longer than buffer, and no time is negative.',
    takes: "a list of policies, such as [{ id: 'raw', match: '**', maxAge: '90d' }]",
    default: [],
    read: readPolicies,
  })
}

function readPolicies(value: unknown): readonly Policy[] {
  if (!Array.isArray(value)) throw new Error('it is not a list')
  const problems: string[] = []
  const seen = new Set<string>()
  const read = value.map((given: Partial<PolicyOptions>, index) => {
    const name = `policy ${typeof given?.id === 'string' ? given.id : index}`
    const problem = (what: string) => void problems.push(`${name}: ${what}`)
    if (typeof given !== 'object' || given === null) {
      problem('it is not an object')
      return undefined
    }
    for (const field of Object.keys(given))
      if (!(FIELDS as readonly string[]).includes(field))
        problem(`"${field}" is unknown; known are ${FIELDS.join(', ')}`)
    if (typeof given.id !== 'string' || !ID.test(given.id) || given.id.length > 64)
      problem('its id is not kebab-case of at most 64 characters')
    else if (seen.has(given.id)) problem('its id is taken by an earlier one')
    else seen.add(given.id)
    if (typeof given.match !== 'string' || given.match === '') problem('it has no match')
    if (given.active !== undefined && typeof given.active !== 'boolean')
      problem('active is not true or false')
    const time = (field: 'maxAge' | 'buffer' | 'minAge', fallback: string | undefined): number => {
      try {
        return TIME.read(given[field] ?? fallback)
      } catch (error) {
        problem(`${field} is ${JSON.stringify(given[field])}, but ${(error as Error).message}`)
        return 0
      }
    }
    const policy = {
      id: given.id ?? '',
      match: given.match ?? '',
      maxAge: time('maxAge', undefined),
      buffer: time('buffer', '0ms'),
      minAge: time('minAge', '24h'),
      active: given.active ?? true,
    }
    if (policy.maxAge <= policy.buffer) problem('maxAge is not longer than buffer')
    return policy
  })
  if (problems.length > 0) throw new Error(problems.join('; '))
  return Object.freeze(read as Policy[])
}
