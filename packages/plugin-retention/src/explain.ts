import {
  type CallOptions,
  type Entry,
  type FilePath,
  type KeyState,
  type Limits,
  type Manifest,
  mintedPath,
  parsePath,
} from '@holdfast/core'
import type { PolicyBook } from './book.ts'
import { breathe, byAge } from './candidates.ts'
import { type Judgement, Jury, type NamespaceJury, pages } from './judge.ts'
import { matcherOf, type Policy } from './policy.ts'
import type { Explanation, PolicySays } from './service.ts'

export interface ExplainParts {
  readonly book: PolicyBook
  readonly manifest: Manifest
  readonly now: () => number
  readonly limits: Limits
  readonly schedule: string
}

const EARLIER = 100

/** What every policy, hold and limit says of a file. */
export async function explain(
  given: string,
  { book, manifest, now: clock, limits, schedule }: ExplainParts,
  { signal }: CallOptions,
): Promise<Explanation> {
  const path = parsePath(given)
  const now = clock()
  const policies = book.policies()
  const entry = manifest.entry(path)
  const earlier = earlierOf(path, manifest)
  const base = { path, limits, schedule, earlier, holds: manifest.holds.covering({ path }) }
  if (!entry) return { ...base, state: earlier.at(-1)?.state ?? 'unknown', due: false, policies: [] }
  const about = policies.filter((policy) => isAbout(policy, entry))
  const judgement = await judgementOf(
    entry,
    new Jury(policies, undefined, { asOf: now, now }),
    manifest,
    signal,
  )
  const says = about.map((policy) => sayOf(policy, entry, judgement))
  const dueFrom = dueFromOf(says, base.holds)
  return {
    ...base,
    state: 'live',
    entry,
    due: judgement?.due ?? false,
    ...(dueFrom !== undefined && { dueFrom }),
    policies: says,
  }
}

function isAbout(policy: Policy, { path, namespace }: Entry): boolean {
  return (policy.namespace ?? namespace) === namespace && matcherOf(policy)(path)
}

/** As a run would: what goes before it may make its namespace small enough. */
async function judgementOf(
  entry: Entry,
  jury: Jury,
  manifest: Manifest,
  signal: AbortSignal | undefined,
): Promise<Judgement | undefined> {
  const counters = manifest.namespace(entry.namespace)
  const members: NamespaceJury | undefined = counters && jury.of(counters, manifest)
  if (!counters || !members) return undefined
  if (members.isOver && entry.maxTime !== undefined)
    for (const page of byAge(members, counters, manifest)) {
      for (const older of page) {
        if (older.path === entry.path) return members.judge(older)
        if (members.judge(older).due) members.taken(older)
      }
      await breathe(signal)
    }
  return members.judge(entry)
}

function sayOf(policy: Policy, entry: Entry, judgement: Judgement | undefined): PolicySays {
  const { id } = policy
  if (!policy.active) return { id, says: 'inactive' }
  const by = judgement?.overridden.find(({ policy: other }) => other.id === id)?.by
  if (by !== undefined) return { id, says: 'overridden', by }
  const opinion = judgement?.opinions.find(({ policy: other }) => other.id === id)
  if (!opinion) return { id, says: 'keeps' }
  const { takes, because } = opinion
  const from = fromOf(policy, entry, because)
  return { id, says: takes ? 'takes' : 'keeps', because, ...(from !== undefined && { from }) }
}

/** The first moment at which the policy lets the file go, by the times alone. */
function fromOf(policy: Policy, { maxTime, createdAt }: Entry, because: string): number | undefined {
  if (maxTime === undefined || because === 'among the newest') return undefined
  const grown = createdAt + policy.minAge
  if (because === 'over maxBytes') return grown
  return policy.maxAge === undefined
    ? undefined
    : Math.max(maxTime + policy.maxAge + policy.buffer + 1, grown)
}

function dueFromOf(says: readonly PolicySays[], holds: Explanation['holds']): number | undefined {
  const asked = says.filter((say) => say.says === 'takes' || say.says === 'keeps')
  if (asked.length === 0) return undefined
  const times = [
    ...asked.map(({ from = Number.POSITIVE_INFINITY }) => from),
    ...holds.map(({ expiresAt = Number.POSITIVE_INFINITY }) => expiresAt),
  ]
  const from = Math.max(...times)
  return Number.isFinite(from) ? from : undefined
}

/** Keys that were minted for the path, and are not live any more. */
function earlierOf(path: FilePath, manifest: Manifest): Explanation['earlier'] {
  const found: Exclude<KeyState, { state: 'live' }>[] = []
  const seen = new Set<string>()
  const add = (state: KeyState | undefined) => {
    if (!state || state.state === 'live' || seen.has(state.key)) return
    seen.add(state.key)
    found.push(state)
  }
  // Rows of one path lie together, before those of longer ones.
  for (const page of pages((after) => manifest.condemned({ prefix: path, ...after }))) {
    for (const { key, entry } of page) if ((entry?.path ?? key) === path) add(manifest.key(key))
    if (found.length >= EARLIER || page.some(({ entry, key }) => (entry?.path ?? key) !== path)) break
  }
  const dot = path.lastIndexOf('.')
  const stem = dot > path.lastIndexOf('/') + 1 ? path.slice(0, dot) : path
  for (let after: string | undefined; found.length < EARLIER; ) {
    const { keys, next } = manifest.keys({ prefix: `${stem}~`, ...(after !== undefined && { after }) })
    for (const key of keys) if (mintedPath(key) === path) add(manifest.key(key))
    if (next === undefined) break
    after = next
  }
  return found.sort((a, b) => a.generation - b.generation).slice(-EARLIER)
}
