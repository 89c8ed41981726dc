import type { Entry, Manifest, PlanContext, PlanItem } from '@holdfast/core'
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
 * Every file of a chosen policy that all its active policies let go, namespace by namespace, oldest first. The age
 * index is read up to the latest cut-off only, so the cost grows with what has expired, not with what is kept.
 */
export async function* candidates(
  policies: readonly Policy[],
  chosen: readonly string[] | undefined,
  { asOf, now }: Times,
  { services: { manifest }, signal, keep, population }: PlanContext<{ readonly manifest: Manifest }>,
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
  const judge = (entry: Entry): readonly PlanItem[] => {
    const concerned = judged.filter(({ matches }) => matches(entry.path))
    if (!concerned.some((policy) => policy.chosen)) return []
    const {
      path,
      key,
      generation,
      namespace,
      size,
      rows,
      maxTime = Number.POSITIVE_INFINITY,
      createdAt,
    } = entry
    if (!concerned.every((policy) => maxTime < cutoff(policy, asOf))) return []
    if (concerned.some(({ minAge }) => createdAt > now - minAge)) {
      keep('younger than minAge')
      return []
    }
    const reason = `retention:${concerned.map(({ id }) => id).join('+')}`
    return [{ path, key, generation, namespace, size, ...(rows !== undefined && { rows }), reason }]
  }
  for (const namespaces of pages((after) => manifest.namespaces(after))) {
    for (const { namespace, files, timedFiles, oldest = Number.POSITIVE_INFINITY } of namespaces) {
      if (files > timedFiles) keep('no known maxTime', files - timedFiles)
      if (oldest >= latest) continue
      population(namespace, files)
      for (const page of pages((after) => manifest.entriesByAge({ namespace, before: latest, ...after }))) {
        const items = page.flatMap(judge)
        if (items.length > 0) yield items
        await breathe(signal)
      }
    }
    await breathe(signal)
  }
}

/** A pass over millions must not hold up the rest of the process. */
async function breathe(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  signal.throwIfAborted()
}

/** A file has expired when its newest row is strictly older than this. */
function cutoff({ maxAge, buffer }: Policy, asOf: number): number {
  return asOf - maxAge - buffer
}

function* pages<T>(
  read: (query: { readonly after?: string }) => { readonly items: readonly T[]; readonly next?: string },
): Generator<readonly T[]> {
  for (let query: { readonly after?: string } = {}; ; ) {
    const { items, next } = read(query)
    yield items
    if (next === undefined) return
    query = { after: next }
  }
}
