import type { ChainedRecord } from '../log/chain.ts'
import { type Applied, applyBatch } from '../state/apply.ts'
import type { LocalEffects } from '../state/ops.ts'
import type { State } from '../state/state.ts'

export type RecordEffects = LocalEffects & { applied(index: number, batches: readonly Applied[]): void }

/** Inside a transaction: what a record of the shared log does to this node. The same on every node, whoever made it. */
export function applyRecord(
  state: State,
  { position, record, sum }: ChainedRecord,
  local: RecordEffects,
): void {
  const { head } = state
  const time = Math.max(record.time, head.time)
  const applied = record.batches.map((batch) => applyBatch(state, batch, { position, time, local }))
  local.applied(position.index, applied)
  Object.assign(head, { ...position, time, record: sum })
  state.flush()
}
