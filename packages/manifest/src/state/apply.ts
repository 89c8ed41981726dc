import type { Fence, OpOutcome } from '@holdfast/core'
import type { RecordedBatch } from '../format/record.ts'
import { applyOp, type OpContext } from './ops.ts'
import type { BatchRow, BatchStatus } from './outcomes.ts'
import type { State } from './state.ts'

export interface Applied extends BatchRow {
  readonly repeated: boolean
}

/**
 * Applies one batch of a record, inside the transaction that also stores the record. Deterministic: the same records
 * give the same rows on every node.
 */
export function applyBatch(state: State, batch: RecordedBatch, context: OpContext): Applied {
  const first = state.recent.find(batch.id)
  if (first) return { ...first, repeated: true }
  const { status, outcomes } = judge(state, batch, context)
  const row: BatchRow = { position: context.position, status, outcomes }
  state.recent.remember(batch.id, row)
  return { ...row, repeated: false }
}

function judge(
  state: State,
  batch: RecordedBatch,
  context: OpContext,
): { status: BatchStatus; outcomes: OpOutcome[] } {
  if (batch.fence && batch.fence.epoch !== epochOf(state, batch.fence))
    return { status: 'fenced', outcomes: [] }
  const outcomes: OpOutcome[] = []
  const run = () => {
    let done = true
    for (const op of batch.ops) {
      const outcome = applyOp(state, op, context)
      outcomes.push(outcome)
      if (outcome.status === 'skipped') done = false
    }
    return done
  }
  if (!batch.strict) {
    run()
    return { status: 'committed', outcomes }
  }
  return { status: state.rows.attempt(run) ? 'committed' : 'strict', outcomes }
}

/** The number of the tenure that a role is in. Before its first one it is 0: a node without roles acts in that. */
function epochOf(state: State, { role }: Fence): number {
  return state.settings.role(role)?.epoch ?? 0
}
