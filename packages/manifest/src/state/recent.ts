import { behind, named, slotRow, TABLE } from '../format/rows.ts'
import type { Head } from './head.ts'
import { type BatchRow, readBatchRow, writeBatchRow } from './outcomes.ts'
import type { Rows } from './rows.ts'

/** Batches whose outcomes are remembered. */
const REMEMBERED = 100_000
const SLOTS = named(TABLE.slot, '')

/**
 * What became of the last batches, by id: a repeated one gets its first outcomes again. Each record has one row that
 * names its batches, so that the oldest are found and forgotten by the record, on every node alike.
 */
export class RecentBatches {
  readonly #rows: Rows
  readonly #most: number
  /** Batches of the record that is being applied. */
  #ids: string[] = []

  constructor(rows: Rows, most = REMEMBERED) {
    this.#rows = rows
    this.#most = most
  }

  find(id: string): BatchRow | undefined {
    return this.#rows.get(named(TABLE.batch, id), readBatchRow)
  }

  remember(id: string, row: BatchRow): void {
    this.#rows.insert(named(TABLE.batch, id), (payload) => writeBatchRow(payload, row))
    this.#ids.push(id)
  }

  /** At the end of a record, which `head` is at. */
  flush(head: Head): void {
    const ids = this.#ids
    if (ids.length === 0) return
    this.#ids = []
    this.#rows.insert(slotRow(head.index), (payload) => void payload.texts(ids))
    head.batches += ids.length
    while (head.batches > this.#most) if (!this.#forgetOldest(head)) return
  }

  forget(): void {
    this.#ids = []
  }

  /** False when without them there would be too few. */
  #forgetOldest(head: Head): boolean {
    const [slot] = this.#rows.names(SLOTS, behind(SLOTS), 1)
    const ids = slot && this.#rows.get(slot, (payload) => payload.texts())
    if (!ids || head.batches - ids.length < this.#most) return false
    for (const id of ids) this.#rows.remove(named(TABLE.batch, id))
    this.#rows.remove(slot)
    head.batches -= ids.length
    return true
  }
}
