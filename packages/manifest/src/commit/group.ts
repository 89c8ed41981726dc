import type { CommitResult, Op } from '@holdfast/core'
import type { RecordedBatch } from '../format/record.ts'
import type { Rows } from '../state/rows.ts'

/** A batch that waits for its place in a record. */
export interface WaitingBatch {
  readonly kind: 'batch'
  readonly batch: RecordedBatch
  /** The batch as it will stand in the record. */
  readonly bytes: Buffer
  readonly resolve: (result: CommitResult) => void
  readonly reject: (error: unknown) => void
}

/** A change of node-local rows that waits for the next transaction. */
export interface WaitingChange {
  readonly kind: 'local'
  readonly change: (rows: Rows) => void
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export type Waiting = WaitingBatch | WaitingChange

/** Whether it makes the store larger for good. What deletes needs room too, and gives it back. */
export function grows(waiting: Waiting): boolean {
  return waiting.kind === 'batch' && growsBy(waiting.batch.ops)
}

export function growsBy(ops: readonly Op[]): boolean {
  return ops.some(({ type }) => type === 'register' || type === 'replace')
}

/** A group is one transaction, which blocks the process: bounded in work and bytes. */
const GROUP_OPS = 4000
const GROUP_BYTES = 4 * 1024 * 1024

/** Takes the next group off the queue: whoever waits together shares one sync. */
export function takeGroup<W extends Waiting>(queue: W[], most = GROUP_BYTES): W[] {
  let ops = 0
  let bytes = 0
  let size = 0
  while (size < queue.length) {
    const next = queue[size] as W
    ops += next.kind === 'batch' ? next.batch.ops.length : 1
    bytes += next.kind === 'batch' ? next.bytes.length : 0
    if (size > 0 && (ops > GROUP_OPS || bytes > Math.min(most, GROUP_BYTES))) break
    size++
  }
  return queue.splice(0, size)
}
