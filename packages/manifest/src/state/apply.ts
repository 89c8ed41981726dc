import type { Fence, OpOutcome } from '@holdfast/core'
import type { RecordedBatch } from '../format/record.ts'
import { named, slotRow, TABLE } from '../format/rows.ts'
import { applyOp, type OpContext } from './ops.ts'
import { type BatchRow, type BatchStatus, readBatchRow, writeBatchRow } from './outcomes.ts'
import type { State } from './state.ts'

/** Batches whose outcomes are remembered. */
const REMEMBERED = 100_000

export interface Applied extends BatchRow {
  readonly repeated: boolean
}

/**
 * Applies one batch of a record, inside the transaction that also stores the record. Deterministic: the same records
 * give the same rows on every node.
 */
export function applyBatch(state: State, batch: RecordedBatch, context: OpContext): Applied {
  const first = findBatch(state, batch.id)
  if (first) return { ...first, repeated: true }
  const { status, outcomes } = judge(state, batch, context)
  const row: BatchRow = { position: context.position, status, outcomes }
  remember(state, batch.id, row)
  return { ...row, repeated: false }
}

/** What became of a batch that was applied not too long ago. */
export function findBatch(state: State, id: string): BatchRow | undefined {
  return state.rows.get(named(TABLE.batch, id), readBatchRow)
}

function judge(
  state: State,
  batch: RecordedBatch,
  context: OpContext,
): { status: BatchStatus; outcomes: OpOutcome[] } {
  if (batch.fence && batch.fence.epoch !== epochOf(batch.fence)) return { status: 'fenced', outcomes: [] }
  const outcomes: OpOutcome[] = []
  const run = () => {
    for (const op of batch.ops) outcomes.push(applyOp(state, op, context))
    return !outcomes.some(({ status }) => status === 'skipped')
  }
  if (!batch.strict) {
    run()
    return { status: 'committed', outcomes }
  }
  return { status: state.rows.attempt(run) ? 'committed' : 'strict', outcomes }
}

/** The epoch of a role. A manifest that no node has ever taken a role in has them all in epoch 0. */
function epochOf(_fence: Fence): number {
  return 0
}

/** Keeps the outcomes in a ring: the newest takes the place of the oldest. */
function remember(state: State, id: string, row: BatchRow): void {
  const slot = slotRow(state.head.batches++ % REMEMBERED)
  const oldest = state.rows.get(slot, (payload) => payload.text())
  if (oldest !== undefined) state.rows.remove(named(TABLE.batch, oldest))
  state.rows.put(slot, (payload) => payload.text(id))
  state.rows.insert(named(TABLE.batch, id), (payload) => writeBatchRow(payload, row))
}
