import {
  type ActContext,
  type ChunkOutcome,
  HoldfastError,
  type Manifest,
  type PlanItem,
  totalsOf,
} from '@holdfast/core'
import { Jury, type NamespaceJury } from './judge.ts'
import type { Policy } from './policy.ts'

/** Why a planned file stays: the policies, or what they go by, are not what they were. */
const KEPT = 'kept by a policy'

export interface CondemnParts {
  readonly policies: readonly Policy[]
  /** Of the request, as it was planned. */
  readonly chosen: readonly string[] | undefined
  readonly times: { readonly asOf: number; readonly now: number }
  /** Milliseconds. */
  readonly delay: number
}

/**
 * One chunk is one batch. What the policies of this moment keep is left out; apply skips what has changed since it was
 * planned, and what it refuses ends the run.
 */
export async function condemn(
  chunk: readonly PlanItem[],
  { policies, chosen, times, delay }: CondemnParts,
  { services: { manifest }, fence, run, signal }: ActContext<{ readonly manifest: Manifest }>,
): Promise<ChunkOutcome> {
  const stillDue = judgeAnew(chunk, new Jury(policies, chosen, times), manifest)
  const kept = chunk.length - stillDue.length
  const skipped: Record<string, number> = kept > 0 ? { [KEPT]: kept } : {}
  if (stillDue.length === 0) return { done: totalsOf([]), skipped }
  const ops = stillDue.map(({ key, generation, reason }) => ({
    type: 'condemn' as const,
    key,
    generation,
    delay,
    reason,
    run,
  }))
  const result = await manifest.commit({ ops, fence }, { signal })
  if (result.status === 'rejected')
    throw new HoldfastError('HF_FENCED', `the batch was ${result.reason}: the role has passed on`, {
      operation: 'retention',
    })
  const done = stillDue.filter((_, index) => result.outcomes[index]?.status === 'done')
  for (const outcome of result.outcomes)
    if (outcome.status === 'skipped') skipped[outcome.reason] = (skipped[outcome.reason] ?? 0) + 1
  return { done: totalsOf(done), skipped }
}

/** Without those that somebody must not take any more. What changed is left to apply, which counts it as that. */
function judgeAnew(chunk: readonly PlanItem[], jury: Jury, manifest: Manifest): readonly PlanItem[] {
  const members = new Map<string, NamespaceJury | undefined>()
  for (const { namespace } of chunk) {
    if (members.has(namespace)) continue
    const counters = manifest.namespace(namespace)
    members.set(namespace, counters && jury.of(counters, manifest))
  }
  return chunk.filter(({ path, generation, namespace }) => {
    const entry = manifest.entry(path)
    if (entry?.generation !== generation) return true
    const of = members.get(namespace)
    const judgement = of?.judge(entry)
    if (judgement?.due) of?.taken(entry)
    // What is held, apply says by that name; holds are asked for only of what would go.
    return judgement !== undefined && (judgement.due || judgement.holds.length > 0)
  })
}
