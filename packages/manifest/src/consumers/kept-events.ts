import type { OpOutcome, Position } from '@holdfast/core'
import { deletionRow, outcomeRow } from '../format/rows.ts'
import type { Applied } from '../state/apply.ts'
import type { DoomedFile } from '../state/ops.ts'
import type { Rows } from '../state/rows.ts'
import { ConsumerRows } from './consumer-rows.ts'
import { type Deletion, deletionsBehind, putDeletion } from './deletion-rows.ts'
import { outcomesAt, putOutcomes } from './outcome-rows.ts'

/** Rows that one transaction removes at most: it blocks the process. */
const TRIM = 1000

/**
 * What this node keeps for its taps beside the log, as long as there is a consumer that has not passed it.
 *
 * The log says what was asked for, not what came of it: outcomes are judged at apply and remembered by batch id for
 * a while only, and the row of a doomed key, which knows path and reason, may be a bare tombstone or forgotten when a
 * tap that was down for days asks. So the transaction that applies a record writes down both, in the order of the
 * log: it is there exactly if the record is, whatever crashes, and no later change of the state takes it away.
 * A node without taps writes nothing.
 */
export class KeptEvents {
  readonly consumers: ConsumerRows
  readonly #rows: Rows
  readonly #floor: () => number
  /** Deletions of the record that is being applied. */
  #ordinal = 0

  /** `floor`: index of the last record that is not in the log any more, as far as is known. */
  constructor(rows: Rows, floor: () => number) {
    this.#rows = rows
    this.#floor = floor
    this.consumers = new ConsumerRows(rows)
  }

  /** Inside a transaction, for each file that a record dooms. */
  readonly deleted = (position: Position, file: DoomedFile): void => {
    if (!this.consumers.any('onFileDeleted')) return
    // A batch that is taken back leaves a gap: ordinals only sort.
    putDeletion(this.#rows, this.#ordinal++, { ...file, position })
  }

  /** Inside a transaction, when all batches of a record are applied. */
  readonly applied = (index: number, batches: readonly Applied[]): void => {
    this.#ordinal = 0
    if (this.consumers.any('onManifestBatch')) putOutcomes(this.#rows, index, batches)
  }

  /** What became of each batch of a record; undefined for those that are no events. */
  outcomes(index: number): readonly (readonly OpOutcome[] | undefined)[] | undefined {
    return outcomesAt(this.#rows, index)
  }

  deletions(after: number, done: number, limit: number): Deletion[] {
    return deletionsBehind(this.#rows, after, done, limit)
  }

  canTrim(): boolean {
    return this.#passed(1).length > 0
  }

  /** Inside a transaction: removes some of what everybody has passed. True when there is more. */
  trim(): boolean {
    const passed = this.#passed(TRIM)
    for (const row of passed) this.#rows.remove(row)
    return passed.length >= TRIM
  }

  /** Rows that no consumer needs any more, up to `limit` of each table. */
  #passed(limit: number): Buffer[] {
    const passed = this.consumers.passed('onManifestBatch') ?? Number.MAX_SAFE_INTEGER - 1
    // Outcomes without their record are of no use to a tap that was left behind.
    const outcomes = Math.max(passed, this.#floor())
    const deletions = this.consumers.passed('onFileDeleted') ?? Number.MAX_SAFE_INTEGER - 1
    return [
      ...this.#rows.names(outcomeRow(0), outcomeRow(outcomes + 1), limit),
      ...this.#rows.names(deletionRow(0, 0), deletionRow(deletions + 1, 0), limit),
    ]
  }

  /** After a transaction that failed. */
  reload(): void {
    this.#ordinal = 0
    this.consumers.reload()
  }
}
