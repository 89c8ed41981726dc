import {
  type ActContext,
  type ChunkOutcome,
  HoldfastError,
  type Manifest,
  type Op,
  type PlanItem,
  totalsOf,
} from '@holdfast/core'

/**
 * Commits a chunk as one batch, each item by an op of its own. What apply skips is added to `skipped`, by its reason.
 * @throws HF_FENCED when the role has passed on since the gate was asked: nothing was changed
 */
export async function commitChunk(
  chunk: readonly { readonly item: PlanItem; readonly op: Op }[],
  skipped: Readonly<Record<string, number>>,
  {
    services,
    fence,
    signal,
  }: Pick<ActContext<{ readonly manifest: Manifest }>, 'services' | 'fence' | 'signal'>,
): Promise<ChunkOutcome> {
  if (chunk.length === 0) return { done: totalsOf([]), skipped }
  const ops = chunk.map(({ op }) => op)
  const result = await services.manifest.commit({ ops, fence }, { signal })
  if (result.status === 'rejected')
    throw new HoldfastError('HF_FENCED', `the batch was ${result.reason}: the role has passed on`, {
      operation: 'retention',
    })
  const counts: Record<string, number> = { ...skipped }
  for (const outcome of result.outcomes)
    if (outcome.status === 'skipped') counts[outcome.reason] = (counts[outcome.reason] ?? 0) + 1
  const done = chunk.filter((_, at) => result.outcomes[at]?.status === 'done')
  return { done: totalsOf(done.map(({ item }) => item)), skipped: counts }
}
