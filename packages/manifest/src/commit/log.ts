import { HoldfastError, type LogRecord, type Position } from '@holdfast/core'
import { type Recorded, readRecord } from '../format/record.ts'
import { indexOfLogRow, logRow } from '../format/rows.ts'
import type { Seal } from '../format/seal.ts'
import type { Head } from '../state/head.ts'
import type { Rows } from '../state/rows.ts'
import type { KeyValue } from '../store/key-value.ts'

/** Term of every record of an embedded log: it has one leader, this process. */
export const EMBEDDED_TERM = 1

/**
 * The log inside the manifest's own store: a record and what it does to the state are one transaction. Appending is
 * the committer's business; reading is by pages, from behind a position.
 */
export class EmbeddedLog {
  readonly #store: KeyValue
  readonly #rows: Rows
  readonly #seal: Seal

  constructor(store: KeyValue, rows: Rows, seal: Seal) {
    this.#store = store
    this.#rows = rows
    this.#seal = seal
  }

  /** Appends inside the current transaction and gives the sum that chains the next record to this one. */
  append(index: number, record: Buffer): bigint {
    this.#rows.insert(logRow(index), (payload) => void payload.raw(record))
    return this.#seal.sum(record)
  }

  /** Records after a position, oldest first. */
  read(after: number, limit: number): LogRecord[] {
    const rows = this.#store.range({ from: logRow(after + 1), to: logRow(Number.MAX_SAFE_INTEGER), limit })
    return rows.map(({ key, value }) => {
      this.#seal.open(key, value)
      const bytes = value.subarray(0, value.length - 8)
      return { position: positionOf(key, bytes), bytes }
    })
  }

  /** The record at an index, read. */
  record(index: number): Recorded | undefined {
    return this.#rows.get(logRow(index), (payload) => readRecord(payload.rest()))
  }

  /**
   * Makes sure that the last record is the one that the state was made of.
   * @throws HF_LOG_DIVERGED
   */
  checkChain(head: Head): void {
    if (head.index === 0) return
    const [last] = this.read(head.index - 1, 2)
    if (last?.position.index === head.index && this.#seal.sum(last.bytes) === head.record) return
    throw new HoldfastError(
      'HF_LOG_DIVERGED',
      `the log does not hold the record ${head.index} that the state was made of`,
      {
        context: { index: head.index, found: last?.position.index },
      },
    )
  }
}

function positionOf(row: Buffer, bytes: Buffer): Position {
  return { term: readRecord(bytes).term, index: indexOfLogRow(row) }
}
