import {
  type Entry,
  HoldfastError,
  type Manifest,
  type PlanItem,
  type PlannedJob,
  totalsOf,
} from '@holdfast/core'
import { endOfDay } from './day.ts'

/** What writers put into the metadata of a file: the last day on which it is kept, `2026-05-31`. */
export const KEEP_UNTIL = 'keepUntil'

type Services = { readonly manifest: Manifest }

export interface DatedFilesParts {
  /** What the clock says, ms since 1970 UTC. */
  readonly now: () => number
  /** How long a file can be brought back, ms. */
  readonly eraseDelay: number
}

/**
 * A job that deletes files whose own date has passed. `plan` looks and changes nothing; `act` gets the files that it
 * named, at most 1,000 at a time. Everything else (gate, limits, cap, counts, schedule, history, commands) is the node's.
 */
export function datedFiles({ now, eraseDelay }: DatedFilesParts): PlannedJob<Services> {
  return {
    name: 'operating-rules-dated',
    doc: 'Deletes files whose keepUntil has passed.',
    action: 'condemn',
    async *plan(_request, { services: { manifest }, keep, population, signal }) {
      for (let after: string | undefined, more = true; more; ) {
        signal.throwIfAborted()
        const page = manifest.entries({ ...(after !== undefined && { after }) })
        const due = page.items.filter((entry) => {
          const verdict = judge(entry, manifest, now())
          if (verdict === 'held' || verdict === 'no date') keep(verdict)
          return verdict === 'due'
        })
        // The limits share and emptiness go by how many files a namespace has.
        for (const { namespace } of due) population(namespace, manifest.namespace(namespace)?.files ?? 0)
        yield due.map(itemOf)
        after = page.next
        more = after !== undefined
        // A pass over millions must not hold up the rest of the process.
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
    async act(chunk, { services: { manifest }, fence, run, signal }) {
      const ops = chunk.map(({ key, generation, reason }) => ({
        type: 'condemn' as const,
        key,
        // Of the plan: a file that has another date by now has another generation, and is skipped.
        generation,
        delay: eraseDelay,
        reason,
        run,
      }))
      const result = await manifest.commit({ ops, fence }, { signal })
      if (result.status === 'rejected')
        throw new HoldfastError('HF_FENCED', `the batch was ${result.reason}: the role has passed on`)
      const skipped: Record<string, number> = {}
      for (const outcome of result.outcomes)
        if (outcome.status === 'skipped') skipped[outcome.reason] = (skipped[outcome.reason] ?? 0) + 1
      return { done: totalsOf(chunk.filter((_, at) => result.outcomes[at]?.status === 'done')), skipped }
    },
  }
}

function judge(
  { path, metadata }: Entry,
  manifest: Manifest,
  now: number,
): 'due' | 'kept' | 'held' | 'no date' {
  const said = metadata?.[KEEP_UNTIL]
  if (said === undefined) return 'kept'
  const end = endOfDay(said)
  // Whoever cannot be understood keeps his file.
  if (end === undefined) return 'no date'
  if (end >= now) return 'kept'
  return manifest.holds.covering({ path }).length > 0 ? 'held' : 'due'
}

function itemOf({ path, key, generation, namespace, size, rows, metadata }: Entry): PlanItem {
  const reason = `operating-rules:${KEEP_UNTIL} ${metadata?.[KEEP_UNTIL]}`
  return { path, key, generation, namespace, size, ...(rows !== undefined && { rows }), reason }
}
