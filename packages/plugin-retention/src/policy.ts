import { bytes, duration, integer, type JsonValue, type Knob, shape } from '@holdfast/core'
import picomatch from 'picomatch'

/** A rule that says when files expire. */
export interface Policy {
  /** Unique among the policies; stands in every op, log line and audit event as `retention:<id>`. */
  readonly id: string
  /** Glob over paths: `**`, `sales/**`, `logs/*.json`. */
  readonly match: string
  /** Only files of this namespace. */
  readonly namespace?: string
  /** A file expires when its newest row is older than this, ms. Absent: not by its age. */
  readonly maxAge?: number
  /** Added to maxAge, ms. */
  readonly buffer: number
  /** The oldest files of a namespace expire while all its live files together are larger than this, bytes. Absent: not by their size. */
  readonly maxBytes?: number
  /** A file is kept at least this long after it was written, by the real clock, ms. */
  readonly minAge: number
  /** The newest files of a namespace that the policy matches are kept, so many of them. */
  readonly keepNewest: number
  /** Policies that have no say on the files that this one matches, by id. */
  readonly overrides: readonly string[]
  readonly active: boolean
  /** Why it cannot be read where it stands in the settings. Then it keeps all that it may be about. Absent: it can. */
  readonly problems?: readonly string[]
}

/** A policy as it is declared: times in milliseconds or as text (`90d`), sizes in bytes or as text (`10GiB`). */
export interface PolicyOptions {
  readonly id: string
  /** Must be given, unless there is a namespace: then `**`. */
  readonly match?: string
  readonly namespace?: string
  /** This, or maxBytes, or both must be given. */
  readonly maxAge?: number | string
  /** Default 0. */
  readonly buffer?: number | string
  readonly maxBytes?: number | string
  /** Default 24h. */
  readonly minAge?: number | string
  /** Default 0. */
  readonly keepNewest?: number
  /** Default none. */
  readonly overrides?: readonly string[]
  /** Default true. */
  readonly active?: boolean
}

const ID = /^[a-z0-9]+(-[a-z0-9]+)*$/
const LONGEST_ID = 64
const LONGEST_TEXT = 1024
const FIELDS: readonly string[] = [
  'id',
  'match',
  'namespace',
  'maxAge',
  'buffer',
  'maxBytes',
  'minAge',
  'keepNewest',
  'overrides',
  'active',
] satisfies (keyof Policy)[]
const TIME = duration({ doc: 'a time of a policy' })
const SIZE = bytes({ doc: 'a size of a policy' })
const COUNT = integer({ doc: 'a number of files of a policy' })

/** The knob that takes a list of policies and names every problem with them. */
export function policies(): Knob<readonly Policy[]> {
  return shape({
    doc: 'When files expire. Without policies nothing does. In a policy, buffer, minAge, keepNewest and maxBytes may be 0, maxAge is longer than buffer, and nothing is negative.',
    takes: "a list of policies, such as [{ id: 'raw', match: '**', maxAge: '90d' }]",
    default: [],
    read: (value) => {
      if (!Array.isArray(value)) throw new Error('it is not a list')
      const read = value.map((given, index) => readPolicy(given, `policy ${nameOf(given) ?? index}`))
      const policies = read.flatMap(({ policy }) => policy ?? [])
      const problems = [...read.flatMap(({ problems }) => problems), ...setProblems(policies)]
      if (problems.length > 0) throw new Error(problems.join('; '))
      return Object.freeze(policies)
    },
  })
}

interface Read {
  /** Absent when it has no id to speak of it by. */
  readonly policy?: Policy
  readonly problems: readonly string[]
}

/** Reads a policy as somebody gave it, or as it stands in the settings, with every problem of its own. */
export function readPolicy(value: unknown, name: string): Read {
  const problems: string[] = []
  const problem = (what: string) => void problems.push(`${name}: ${what}`)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { problems: [`${name}: it is not an object`] }
  const given = value as Partial<Record<keyof Policy, unknown>>
  for (const field of Object.keys(given))
    if (!FIELDS.includes(field)) problem(`"${field}" is unknown; known are ${FIELDS.join(', ')}`)
  const id = nameOf(given)
  if (id === undefined || !isId(id)) problem(`its id is not kebab-case of at most ${LONGEST_ID} characters`)
  const measured = (field: keyof Policy, knob: Knob<number>): number | undefined => {
    if (given[field] === undefined) return undefined
    try {
      return knob.read(given[field])
    } catch (error) {
      problem(`${field} is ${JSON.stringify(given[field])}, but ${(error as Error).message}`)
      return undefined
    }
  }
  const text = (field: 'match' | 'namespace'): string | undefined => {
    const said = given[field]
    if (said === undefined || (typeof said === 'string' && said !== '' && said.length <= LONGEST_TEXT))
      return said
    problem(
      said === ''
        ? `it has no ${field}: the text is empty`
        : `${field} is not a text of at most ${LONGEST_TEXT} characters`,
    )
    return undefined
  }
  const { overrides = [], active = true } = given
  const [match, namespace] = [text('match'), text('namespace')]
  if (given.match === undefined && given.namespace === undefined) problem('it has no match and no namespace')
  const [maxAge, buffer = 0] = [measured('maxAge', TIME), measured('buffer', TIME)]
  const [maxBytes, keepNewest = 0] = [measured('maxBytes', SIZE), measured('keepNewest', COUNT)]
  const minAge = measured('minAge', TIME) ?? TIME.read('24h')
  if (given.maxAge === undefined && given.maxBytes === undefined)
    problem('it has no maxAge and no maxBytes, so it would keep all that it matches')
  if (maxAge !== undefined && maxAge <= buffer) problem('maxAge is not longer than buffer')
  if (given.maxAge === undefined && buffer > 0) problem('its buffer is added to maxAge, which it has not')
  if (!Array.isArray(overrides) || !overrides.every((other) => typeof other === 'string' && isId(other)))
    problem('overrides is not a list of ids')
  else if (overrides.includes(id)) problem('it overrides itself')
  if (typeof active !== 'boolean') problem('active is not true or false')
  if (problems.length > 0 && id === undefined) return { problems }
  const policy: Policy = {
    id: id ?? '',
    match: match ?? '**',
    ...(namespace !== undefined && { namespace }),
    ...(maxAge !== undefined && { maxAge }),
    buffer,
    ...(maxBytes !== undefined && { maxBytes }),
    minAge,
    keepNewest,
    overrides: Array.isArray(overrides) ? Object.freeze([...overrides]) : [],
    active: active !== false,
  }
  return { policy: Object.freeze(policy), problems }
}

/** What stands for a policy that cannot be read: who is in doubt keeps. */
export function unreadable(id: string, value: unknown, problems: readonly string[]): Policy {
  // A field that this version does not know may widen what the others say.
  const isKnown = Object.keys(value ?? {}).every((field) => FIELDS.includes(field))
  const { match = '**', namespace } = (isKnown ? readPolicy(value, id).policy : undefined) ?? {}
  return Object.freeze({
    id,
    match,
    ...(namespace !== undefined && { namespace }),
    buffer: 0,
    minAge: 0,
    keepNewest: 0,
    overrides: [],
    active: true,
    problems,
  })
}

/**
 * What is wrong with policies that stand together, though each is right by itself. `about`: only by these; what is wrong
 * with another is no reason against one that is set.
 */
export function setProblems(policies: readonly Policy[], about = policies): string[] {
  const byId = new Map<string, Policy>()
  const problems: string[] = []
  for (const policy of policies)
    if (byId.has(policy.id)) problems.push(`policy ${policy.id}: its id is taken by an earlier one`)
    else byId.set(policy.id, policy)
  for (const { id, overrides } of about)
    for (const other of overrides)
      if (!byId.has(other))
        problems.push(
          `policy ${id}: it overrides "${other}", which is not there; there are ${[...byId.keys()].join(', ')}`,
        )
  for (const { id } of about)
    if (reaches(id, id, byId, new Set())) problems.push(`policy ${id}: it overrides itself by way of others`)
  return problems
}

function reaches(from: string, to: string, byId: ReadonlyMap<string, Policy>, seen: Set<string>): boolean {
  return (byId.get(from)?.overrides ?? []).some((next) => {
    if (next === from) return false
    if (next === to) return true
    if (seen.has(next)) return false
    seen.add(next)
    return reaches(next, to, byId, seen)
  })
}

/** Whether the glob and the namespace of a policy are about a file. */
export function matcherOf({ match }: Policy): (path: string) => boolean {
  return picomatch(match, { dot: true })
}

/** A policy as the settings keep it; `readPolicy` takes it back. */
export function asSetting(policy: Policy): { readonly [field: string]: JsonValue } {
  return { ...policy }
}

function nameOf(given: unknown): string | undefined {
  const id = (given as Partial<Policy> | null | undefined)?.id
  return typeof id === 'string' ? id : undefined
}

export function isId(id: string): boolean {
  return ID.test(id) && id.length <= LONGEST_ID
}
