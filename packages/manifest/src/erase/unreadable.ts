import {
  type HoldfastError,
  hasCode,
  type Logger,
  type Op,
  type QueuedErase,
  type StorageKey,
} from '@holdfast/core'
import type { KeyRow } from '../format/key-row.ts'
import { keyOfDueRow, named, TABLE } from '../format/rows.ts'
import { folderOf } from '../state/folders.ts'
import type { Rows } from '../state/rows.ts'
import type { State } from '../state/state.ts'
import { childrenOf, type DamagedFolder, type Leaving } from './leaving.ts'

/** Rows that are set aside at most; where more is damaged, erasing waits. */
const MOST = 10_000
const PAGE = 1000

/** The ops of the eraser. */
export type EraseOp = Extract<Op, { readonly type: 'doom' | 'erased' | 'forget' }>

interface Aside {
  readonly row: Buffer
  readonly why: string
}

/**
 * Rows that cannot be read, as the eraser comes upon them: by the key that each is about, or by the folder. Those keys are
 * left alone, the others go on. Nothing is written for it: the rows stay as they are, and the next life finds them again.
 */
export class Unreadable {
  readonly #rows: Rows
  readonly #log: Pick<Logger, 'error'> | undefined
  readonly #keys = new Map<string, Aside>()
  /** One row of a folder is about all that is in it: those keys are never listed. */
  readonly #folders = new Map<string, Aside>()
  /** Another one after `clear`: what was concluded from what is set aside is to be concluded again. */
  version = 0
  #pruned = -1

  constructor(rows: Rows, log?: Pick<Logger, 'error'>) {
    this.#rows = rows
    this.#log = log
  }

  get size(): number {
    return this.#keys.size + this.#folders.size
  }

  /** Whether a row of the key itself cannot be read. */
  has(key: string): boolean {
    return this.#keys.size > 0 && this.#keys.has(key)
  }

  /** As `has`, for rows that have the key in their name; nothing, when there is nothing to skip. */
  skip(keyOf: (row: Buffer) => string): ((row: Buffer) => boolean) | undefined {
    return this.#keys.size === 0 ? undefined : (row) => this.#keys.has(keyOf(row))
  }

  /** Whether a row of a folder cannot be read that has to be when the key is gone. */
  isBelow(key: string): boolean {
    if (this.#folders.size === 0) return false
    for (let folder = folderOf(key); folder !== ''; folder = folderOf(folder)) {
      if (this.#folders.has(folder)) return true
      const children = childrenOf(this.#rows, folder)
      // What is damaged and not known yet is found by those who need it.
      if (typeof children !== 'number' || children > 1) return false
    }
    return false
  }

  /** Those that are set aside and whose row is still there. A folder has a slash at its end, as no key has. */
  all(): (QueuedErase & Pick<Aside, 'row'>)[] {
    const named = ([key, { row, why }]: readonly [string, Aside]) => ({
      key: key as StorageKey,
      since: 0,
      attempts: 0,
      nextTry: 0,
      setAside: why,
      row,
    })
    this.#prune()
    const folders = Array.from(this.#folders, ([folder, aside]) => named([`${folder}/`, aside]))
    return [...Array.from(this.#keys, named), ...folders]
  }

  /** Those that are set aside for a row of their own, if it is still there. */
  keys(): Iterable<string> {
    this.#prune()
    return this.#keys.keys()
  }

  /** Rows to look at for `limit` that are not set aside: in one go, or by a page. */
  pageFor(limit: number): number {
    return Math.max(limit, Math.min(PAGE, limit + (this.#folders.size > 0 ? PAGE : this.#keys.size)))
  }

  /** Sets a key aside. @throws the error, when that is more than one can set aside */
  note(key: string, row: Buffer, error: HoldfastError): void {
    if (this.#keys.has(key)) return
    this.#mustHaveRoom(error)
    this.#keys.set(key, { row, why: `a row of it cannot be read: ${error.message}` })
    this.#log?.error({ key, cause: error.message }, 'a row cannot be read: its key is not erased')
  }

  /** Sets aside what is in a folder. @throws as `note` */
  noteFolder({ folder, error }: DamagedFolder): void {
    if (this.#folders.has(folder)) return
    this.#mustHaveRoom(error)
    this.#folders.set(folder, { row: named(TABLE.folder, folder), why: whyBelow(error) })
    this.logFolder({ folder, error })
  }

  logFolder({ folder, error }: DamagedFolder): void {
    this.#log?.error(
      { folder, cause: error.message },
      'the row of a folder cannot be read: what is in it is not erased',
    )
  }

  /** All are looked at again. */
  clear(): void {
    this.#keys.clear()
    this.#folders.clear()
    this.version++
  }

  /**
   * Rows in [from, to) of the due table that can be read, of keys of which no row is set aside, out of at most `limit`;
   * `next`: where to go on, if there may be more.
   */
  dueRows(from: Buffer, to: Buffer, limit: number): { items: Buffer[]; next: Buffer | undefined } {
    return this.#rows.sound({ from, to, limit }, (_, row) => row, {
      skip: this.skip(keyOfDueRow),
      damaged: (row, error) => this.note(keyOfDueRow(row), row, error),
    })
  }

  /** Sets the key aside if its row cannot be read. */
  look(state: State, key: StorageKey): KeyRow | 'unreadable' | undefined {
    return this.has(key) ? 'unreadable' : this.#orAside(key, () => state.key(key))
  }

  /** Ops of which every row can be read that apply reads for them. What cannot be read is set aside. */
  sound<T extends EraseOp>(state: State, ops: readonly T[], leaving: Leaving): T[] {
    return ops.filter(({ type, key }) => {
      if (this.has(key)) return false
      const known = this.#orAside(key, () => {
        const row = state.key(key)
        if (row && 'replacement' in row && row.replacement !== undefined)
          state.replacements.get(row.replacement)
        return row
      })
      if (known === 'unreadable') return false
      const isMissing = type === 'doom' && known?.state === 'condemned' && known.as === 'missing'
      const damaged = isMissing || type === 'erased' ? leaving.add(key) : undefined
      if (damaged) this.noteFolder(damaged)
      return !damaged
    })
  }

  #orAside<T>(key: StorageKey, read: () => T): T | 'unreadable' {
    try {
      return read()
    } catch (error) {
      if (!hasCode(error, 'HF_MANIFEST_CORRUPT')) throw error
      this.note(key, named(TABLE.key, key), error)
      return 'unreadable'
    }
  }

  #mustHaveRoom(error: HoldfastError): void {
    if (this.size === MOST) throw error
  }

  /** What was settled since, by a record or by another state, is no more to be named. */
  #prune(): void {
    if (this.#pruned === this.#rows.version) return
    for (const aside of [this.#keys, this.#folders])
      for (const [name, { row }] of aside) if (!this.#rows.has(row)) aside.delete(name)
    // What is written by now may still be taken back.
    this.#pruned = this.#rows.writing ? -1 : this.#rows.version
  }
}

export function whyBelow(error: HoldfastError): string {
  return `the row of a folder that it is in cannot be read: ${error.message}`
}
