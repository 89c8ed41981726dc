import type { StorageKey } from '@holdfast/core'
import { behind, named, nameOf, TABLE } from '../format/rows.ts'
import type { Rows } from '../state/rows.ts'

const ALL = named(TABLE.pending, '')

/** The keys that this node is writing bytes under and has not told the log about: its rows survive a crash. */
export class Pending {
  readonly #rows: Rows
  /** Keys that may have a row; spares a look at the store for every key of other origin. */
  readonly #open = new Set<string>()

  constructor(rows: Rows) {
    this.#rows = rows
    for (const key of this.page()) this.#open.add(key)
  }

  /** Inside a transaction, before the first byte is written. */
  begin(key: StorageKey, since: number): void {
    this.#open.add(key)
    this.#rows.insert(named(TABLE.pending, key), (payload) => payload.varint(since))
  }

  /** Inside a transaction: the log knows the key now. */
  end(key: string): void {
    if (this.#open.has(key)) this.#rows.remove(named(TABLE.pending, key))
  }

  /** After the transaction that ended it. */
  forget(key: StorageKey): void {
    this.#open.delete(key)
  }

  /** The first keys that are pending. */
  page(limit = 1000): StorageKey[] {
    return this.#rows.names(ALL, behind(ALL), limit).map((row) => nameOf(row) as StorageKey)
  }
}
