import {
  type HoldfastError,
  hasCode,
  type Logger,
  type Op,
  type QueuedErase,
  type StorageKey,
} from '@holdfast/core'
import type { KeyRow } from '../format/key-row.ts'
import { keyOfDueRow, named, retryRow, TABLE } from '../format/rows.ts'
import { readFolder } from '../state/folders.ts'
import type { Rows } from '../state/rows.ts'
import type { State } from '../state/state.ts'

/** Keys that are set aside so at most; where more is damaged, erasing waits. */
const MOST = 10_000

/** The ops of the eraser. */
export type EraseOp = Extract<Op, { readonly type: 'doom' | 'erased' | 'forget' }>

/** Where its row stands: in the queue, among those that are tried; among the condemned; elsewhere. */
type Where = 'tried' | 'condemned' | 'elsewhere'

interface Aside {
  readonly row: Buffer
  readonly where: Where
  readonly why: string
}

/**
 * Keys of which a row cannot be read, as the eraser comes upon them. They are left alone, the others go on. Nothing is
 * written for it: the rows stay as they are, and the next life finds them again.
 */
export class Unreadable {
  readonly #rows: Rows
  readonly #log: Pick<Logger, 'error'> | undefined
  readonly #aside = new Map<string, Aside>()

  constructor(rows: Rows, log?: Pick<Logger, 'error'>) {
    this.#rows = rows
    this.#log = log
  }

  get size(): number {
    return this.#aside.size
  }

  has(key: string): boolean {
    return this.#aside.size > 0 && this.#aside.has(key)
  }

  /** Those that are set aside and whose row is still there. */
  all(): (QueuedErase & Pick<Aside, 'row'>)[] {
    this.#prune()
    return Array.from(this.#aside, ([key, { row, why }]) => ({
      key: key as StorageKey,
      since: 0,
      attempts: 0,
      nextTry: 0,
      setAside: why,
      row,
    }))
  }

  count(where: Where): number {
    if (this.#aside.size === 0) return 0
    this.#prune()
    return this.#aside.values().reduce((count, aside) => count + (aside.where === where ? 1 : 0), 0)
  }

  /** Sets a key aside. @throws the error, when that is more than one can set aside */
  note(key: string, row: Buffer, where: Where, error: HoldfastError): void {
    if (this.#aside.has(key)) return
    if (this.#aside.size === MOST) throw error
    this.#aside.set(key, { row, where, why: `a row of it cannot be read: ${error.message}` })
    this.#log?.error({ key, cause: error.message }, 'a row cannot be read: its key is not erased')
  }

  /** All are looked at again. */
  clear(): void {
    this.#aside.clear()
  }

  /**
   * Rows in [from, to) of the due table that can be read, of keys that are not set aside, out of at most `limit`; `next`:
   * where to go on, if there may be more.
   */
  dueRows(
    from: Buffer,
    to: Buffer,
    limit: number,
    where: Where,
  ): { rows: Buffer[]; next: Buffer | undefined } {
    const { items, next } = this.#rows.sound(
      { from, to, limit },
      (_, row) => row,
      (row, error) => this.note(keyOfDueRow(row), row, where, error),
    )
    return { rows: this.#aside.size === 0 ? items : items.filter((row) => !this.has(keyOfDueRow(row))), next }
  }

  /** Sets the key aside if its row cannot be read. */
  look(state: State, key: StorageKey, where: Where): KeyRow | 'unreadable' | undefined {
    if (this.has(key)) return 'unreadable'
    return this.#orAside(
      key,
      () => where,
      () => state.key(key),
    )
  }

  /** Ops of which every row can be read that apply reads for them. The keys of the others are set aside. */
  sound<T extends EraseOp>(state: State, ops: readonly T[]): T[] {
    const sound = new Set<string>()
    const read = (key: StorageKey) => {
      const known = state.key(key)
      if (known && 'replacement' in known && known.replacement !== undefined)
        state.replacements.get(known.replacement)
      const folder = key.slice(0, Math.max(0, key.lastIndexOf('/')))
      if (sound.has(folder)) return
      for (let above = folder; above !== ''; above = above.slice(0, Math.max(0, above.lastIndexOf('/'))))
        this.#rows.get(named(TABLE.folder, above), readFolder)
      sound.add(folder)
    }
    return ops.filter((op) => {
      const { key } = op
      if (this.has(key)) return false
      const found = this.#orAside(
        key,
        () => this.#whereIs(op),
        () => read(key),
      )
      return found !== 'unreadable'
    })
  }

  #orAside<T>(key: StorageKey, where: () => Where, read: () => T): T | 'unreadable' {
    try {
      return read()
    } catch (error) {
      if (!hasCode(error, 'HF_MANIFEST_CORRUPT')) throw error
      this.note(key, named(TABLE.key, key), where(), error)
      return 'unreadable'
    }
  }

  #whereIs({ type, key }: EraseOp): Where {
    if (type === 'doom') return 'condemned'
    return this.#rows.has(retryRow(0, key)) || this.#rows.has(named(TABLE.erase, key)) ? 'tried' : 'elsewhere'
  }

  /** What was settled since, by a record or by another state, is no more to be named. */
  #prune(): void {
    for (const [key, { row }] of this.#aside) if (!this.#rows.has(row)) this.#aside.delete(key)
  }
}
