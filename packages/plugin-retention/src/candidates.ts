import type { Manifest, PlanContext, PlanItem } from '@holdfast/core'
import picomatch from 'picomatch'
import type { Policy } from './policy.ts'

interface Judged extends Policy {
  /** Whether the request is about this policy; the others only protect what they keep. */
  readonly chosen: boolean
  readonly matches: (path: string) => boolean
}

export interface Times {
  /** What eligibility calls now: the request's asOf, or the clock. */
  readonly asOf: number
  /** The real clock, for minAge. */
  readonly now: number
}

/**
 * Every file of a chosen policy that all its active policies let go, namespace by namespace, oldest first. The age index is read up to the
 * latest cut-off only, so the cost grows with what has expired, not with what is kept.
 */
export async function* candidates(
  policies: readonly Policy[],
  chosen: readonly string[] | undefined,
  { asOf, now }: Times,
  { services: { manifest }, signal, keep }: PlanContext<{ readonly manifest: Manifest }>,
): AsyncGenerator<readonly PlanItem[]> {
  const judged = policies
    .filter(({ active }) => active)
    .map(
      (policy): Judged => ({
        ...policy,
        chosen: chosen?.includes(policy.id) ?? true,
        matches: picomatch(policy.match, { dot: true }),
      }),
    )
  if (!judged.some((policy) => policy.chosen)) return
  const latest = Math.max(...judged.filter((policy) => policy.chosen).map((policy) => cutoff(policy, asOf)))
  for (const { namespace, files, timedFiles } of pages((after) => manifest.namespaces(after))) {
    if (files > timedFiles) keep('no known maxTime', files - timedFiles)
    let page: PlanItem[] = []
    for (const entry of pages((after) => manifest.entriesByAge({ namespace, before: latest, ...after }))) {
      const concerned = judged.filter(({ matches }) => matches(entry.path))
      if (!concerned.some((policy) => policy.chosen)) continue
      const { path, key, generation, size, rows, maxTime = Number.POSITIVE_INFINITY, createdAt } = entry
      if (!concerned.every((policy) => maxTime < cutoff(policy, asOf))) continue
      if (concerned.some(({ minAge }) => createdAt > now - minAge)) {
        keep('younger than minAge')
        continue
      }
      const reason = `retention:${concerned.map(({ id }) => id).join('+')}`
      page.push({ path, key, generation, namespace, size, ...(rows !== undefined && { rows }), reason })
      if (page.length < 1000) continue
      yield page
      page = []
      // A pass over millions must not hold up the rest of the process.
      await new Promise((resolve) => setImmediate(resolve))
      signal.throwIfAborted()
    }
    if (page.length > 0) yield page
  }
}

/** A file has expired when its newest row is strictly older than this. */
function cutoff({ maxAge, buffer }: Policy, asOf: number): number {
  return asOf - maxAge - buffer
}

function* pages<T>(
  read: (query: { readonly after?: string }) => { readonly items: readonly T[]; readonly next?: string },
): Generator<T> {
  for (let query: { readonly after?: string } = {}; ; ) {
    const { items, next } = read(query)
    yield* items
    if (next === undefined) return
    query = { after: next }
  }
}
