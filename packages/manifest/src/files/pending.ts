import type { StorageKey } from '@holdfast/core'
import { orUnreadable } from '../format/bytes.ts'
import { behind, after as behindRow, named, nameOf, TABLE } from '../format/rows.ts'
import type { Rows } from '../state/rows.ts'

const ALL = named(TABLE.pending, '')

/** The keys that this node is writing bytes under and has not told the log about: its rows survive a crash. */
export class Pending {
  readonly #rows: Rows
  /** Keys that may have a row; spares a look at the store for every key of other origin. */
  readonly #open = new Set<string>()
  readonly #abandoned = new Set<StorageKey>()

  constructor(rows: Rows) {
    this.#rows = rows
    this.reload()
  }

  /** Reads anew. */
  reload(): void {
    this.#open.clear()
    for (const key of this.#names()) this.#open.add(key)
  }

  /** All keys that are pending. One whose row is damaged may be somebody else's, by now or by its name: it is left out. */
  *all(): Generator<StorageKey> {
    for (const key of this.#names()) if (this.#isSound(key)) yield key
  }

  *#names(): Generator<StorageKey> {
    for (let page = this.page(); page.length > 0; page = this.page(undefined, page.at(-1))) yield* page
  }

  #isSound(key: StorageKey): boolean {
    const row = named(TABLE.pending, key)
    return orUnreadable(() => this.#rows.get(row, (payload) => payload.varint())) !== 'unreadable'
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
    this.#abandoned.delete(key)
  }

  /** The log could not be told yet, and the next start shall try again. */
  leave(key: StorageKey): void {
    this.#abandoned.delete(key)
  }

  /** The write has failed, and the log could not be told yet. */
  abandon(key: StorageKey): void {
    this.#abandoned.add(key)
  }

  /** Keys of failed writes that the log still has to be told of. */
  abandoned(): readonly StorageKey[] {
    return [...this.#abandoned].slice(0, 1000)
  }

  /** Keys that are pending, in their order, behind `after`. */
  page(limit = 1000, after = ''): StorageKey[] {
    const from = after === '' ? ALL : behindRow(named(TABLE.pending, after))
    return this.#rows.names(from, behind(ALL), limit).map((row) => nameOf(row) as StorageKey)
  }
}
