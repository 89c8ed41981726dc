import { compareBytes, type Entry, type Hold, type Manifest, type NamespaceCounters } from '@holdfast/core'
import { matcherOf, type Policy } from './policy.ts'

export interface Times {
  /** What eligibility calls now: the request's asOf, or the clock. */
  readonly asOf: number
  /** The real clock, for minAge. */
  readonly now: number
}

/** Why a policy lets a file go, or keeps it. */
export type Because =
  | 'older than maxAge'
  | 'over maxBytes'
  | 'not old enough'
  | 'no known maxTime'
  | 'younger than minAge'
  | 'among the newest'
  | 'policy cannot be read'

/** What one policy says of one file. */
export interface Opinion {
  readonly policy: Policy
  readonly takes: boolean
  readonly because: Because
}

/** What comes of all of them. */
export interface Judgement {
  /** Those that decide: the active ones that match, without those that another one overrides. Empty: nobody takes it. */
  readonly opinions: readonly Opinion[]
  /** Whom nobody asks, and who overrides him. */
  readonly overridden: readonly { readonly policy: Policy; readonly by: string }[]
  readonly holds: readonly Hold[]
  readonly due: boolean
}

/** Beyond every time that a file can have. */
const EVER = Number.MAX_SAFE_INTEGER

interface Matching {
  readonly policy: Policy
  readonly matches: (path: string) => boolean
}

/** The policies that are asked, ready to be asked about many files. */
export class Jury {
  readonly #members: readonly Matching[]
  readonly #chosen: (policy: Policy) => boolean
  readonly times: Times

  /** `chosen`: those that the request is about; the others only protect what they keep. Undefined: all. */
  constructor(policies: readonly Policy[], chosen: readonly string[] | undefined, times: Times) {
    this.#members = policies
      .filter(({ active }) => active)
      .map((policy) => ({ policy, matches: matcherOf(policy) }))
    this.#chosen = chosen === undefined ? () => true : ({ id }) => chosen.includes(id)
    this.times = times
  }

  /** Those that can be about files of this namespace; undefined when none is that the request is about. */
  of(counters: NamespaceCounters, manifest: Manifest): NamespaceJury | undefined {
    const { namespace } = counters
    const members = this.#members.filter(({ policy }) => (policy.namespace ?? namespace) === namespace)
    if (!members.some(({ policy }) => this.#chosen(policy))) return undefined
    return new NamespaceJury(members, this.#chosen, this.times, counters, manifest)
  }
}

/** Judges the files of one namespace, oldest first: what it is told to have been taken makes room for the others. */
export class NamespaceJury {
  readonly #members: readonly Matching[]
  readonly #chosen: (policy: Policy) => boolean
  readonly #times: Times
  readonly #namespace: string
  readonly #manifest: Manifest
  #bytes: number
  /** The oldest file that is among the newest, by policy; undefined: all of them are. */
  readonly #newest = new Map<Policy, Entry | undefined>()
  /** No file whose newest row is at this time or later is due by its age. */
  readonly before: number

  constructor(
    members: readonly Matching[],
    chosen: (policy: Policy) => boolean,
    times: Times,
    { namespace, bytes }: NamespaceCounters,
    manifest: Manifest,
  ) {
    this.#members = members
    this.#chosen = chosen
    this.#times = times
    this.#namespace = namespace
    this.#bytes = bytes
    this.#manifest = manifest
    this.before = Math.max(
      ...members.flatMap(({ policy }) => (chosen(policy) ? this.#cutoff(policy) : [])),
      Number.MIN_SAFE_INTEGER,
    )
  }

  /** Whether the namespace is larger than a policy of the request allows. */
  get isOver(): boolean {
    return this.#members.some(({ policy }) => this.#chosen(policy) && this.#isOver(policy))
  }

  judge(entry: Entry): Judgement {
    const concerned = this.#members.flatMap(({ policy, matches }) => (matches(entry.path) ? policy : []))
    const { standing, overridden } = withoutOverridden(concerned)
    const opinions = standing.map((policy) => this.#opinion(policy, entry))
    const isTaken = standing.some(this.#chosen) && opinions.every(({ takes }) => takes)
    const holds = isTaken ? this.#manifest.holds.covering({ path: entry.path }) : []
    return { opinions, overridden, holds, due: isTaken && holds.length === 0 }
  }

  taken({ size }: Entry): void {
    this.#bytes -= size
  }

  #opinion(policy: Policy, entry: Entry): Opinion {
    const { maxTime, createdAt } = entry
    if (policy.problems) return { policy, takes: false, because: 'policy cannot be read' }
    if (maxTime === undefined) return { policy, takes: false, because: 'no known maxTime' }
    const isOld = maxTime < this.#cutoff(policy)
    if (!isOld && !this.#isOver(policy)) return { policy, takes: false, because: 'not old enough' }
    if (createdAt > this.#times.now - policy.minAge)
      return { policy, takes: false, because: 'younger than minAge' }
    if (this.#isAmongNewest(policy, entry)) return { policy, takes: false, because: 'among the newest' }
    return { policy, takes: true, because: isOld ? 'older than maxAge' : 'over maxBytes' }
  }

  /** A file has expired when its newest row is strictly older than this. */
  #cutoff({ maxAge, buffer }: Policy): number {
    return maxAge === undefined ? Number.NEGATIVE_INFINITY : this.#times.asOf - maxAge - buffer
  }

  #isOver({ maxBytes }: Policy): boolean {
    return maxBytes !== undefined && this.#bytes > maxBytes
  }

  #isAmongNewest(policy: Policy, entry: Entry): boolean {
    if (policy.keepNewest === 0) return false
    if (!this.#newest.has(policy)) this.#newest.set(policy, this.#oldestKept(policy))
    const oldest = this.#newest.get(policy)
    return oldest === undefined || compareAge(entry, oldest) >= 0
  }

  #oldestKept(policy: Policy): Entry | undefined {
    const { matches } = this.#members.find((member) => member.policy === policy) as Matching
    let left = policy.keepNewest
    const query = { namespace: this.#namespace, before: EVER, newestFirst: true }
    // Most of the time the newest files of a namespace are all of this policy.
    const first = { limit: Math.min(250, left) }
    const read = (after: { readonly after?: string }) =>
      this.#manifest.entriesByAge({ ...query, ...(after.after === undefined ? first : after) })
    for (const page of pages(read))
      for (const entry of page) if (matches(entry.path) && --left === 0) return entry
    return undefined
  }
}

/** By age, as the manifest orders them. */
function compareAge(a: Entry, b: Entry): number {
  return (a.maxTime ?? 0) - (b.maxTime ?? 0) || compareBytes(a.path, b.path)
}

/**
 * A policy that stands takes the say from those that it overrides; one that has no say takes it from nobody. In a ring,
 * which no configuration is allowed, all have a say: who is in doubt keeps.
 */
function withoutOverridden(concerned: readonly Policy[]): {
  readonly standing: readonly Policy[]
  readonly overridden: Judgement['overridden']
} {
  if (concerned.every(({ overrides }) => overrides.length === 0))
    return { standing: concerned, overridden: [] }
  const overridden = new Map<Policy, string>()
  const standing = new Set<Policy>()
  for (let left = concerned; left.length > 0; ) {
    const free = left.filter(({ id }) => !left.some(({ overrides }) => overrides.includes(id)))
    if (free.length === 0) for (const policy of left) standing.add(policy)
    for (const policy of free) {
      standing.add(policy)
      for (const other of left)
        if (policy.overrides.includes(other.id) && !overridden.has(other)) overridden.set(other, policy.id)
    }
    left = left.filter((policy) => !standing.has(policy) && !overridden.has(policy))
  }
  return {
    standing: concerned.filter((policy) => standing.has(policy)),
    overridden: [...overridden].map(([policy, by]) => ({ policy, by })),
  }
}

export function* pages<T>(
  read: (query: { readonly after?: string }) => { readonly items: readonly T[]; readonly next?: string },
): Generator<readonly T[]> {
  for (let query: { readonly after?: string } = {}; ; ) {
    const { items, next } = read(query)
    yield items
    if (next === undefined) return
    query = { after: next }
  }
}
