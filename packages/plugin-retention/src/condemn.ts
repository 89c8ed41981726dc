import type { ActContext, ChunkOutcome, Manifest, PlanItem } from '@holdfast/core'
import { commitChunk } from './commit-chunk.ts'
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
  context: ActContext<{ readonly manifest: Manifest }>,
): Promise<ChunkOutcome> {
  const { services, run } = context
  const stillDue = judgeAnew(chunk, new Jury(policies, chosen, times), services.manifest)
  const kept = chunk.length - stillDue.length
  const ops = stillDue.map((item) => {
    const { key, generation, reason } = item
    return { item, op: { type: 'condemn', key, generation, delay, reason, run } as const }
  })
  return commitChunk(ops, kept > 0 ? { [KEPT]: kept } : {}, context)
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
