import type { StorageKey } from '@holdfast/core'
import { after, dueRow, keyOfDueRow, timeOfDueRow } from '../format/rows.ts'
import { isHeld } from '../state/condemn.ts'
import type { State } from '../state/state.ts'
import type { Unreadable } from './unreadable.ts'

const FIRST = dueRow('condemned', 0, '')
const PAGE = 1000

/** What is known about rows that were looked at, as long as no rule changes or ends, and nothing is to be looked at again. */
interface Passed {
  readonly rules: number
  /** That of what is set aside, which is passed too. */
  readonly aside: number
  readonly until: number
  /** The first row that was not passed. */
  readonly from: Buffer
  /** Rows before it; every one is held. */
  readonly held: number
}

/**
 * Condemned keys whose time has come and that nobody holds. What is held stays where it is: it is passed once and then
 * skipped, so that a million held files cost nothing at every beat.
 */
export class DueRows {
  readonly #state: State
  readonly #unreadable: Unreadable
  #passed: Passed = { rules: -1, aside: -1, until: 0, from: FIRST, held: 0 }

  constructor(state: State, unreadable: Unreadable) {
    this.#state = state
    this.#unreadable = unreadable
  }

  /** Up to `limit` of them, oldest first. */
  take(now: number, limit: number): StorageKey[] {
    return this.#look(now, limit).due
  }

  /** Due rows that a rule keeps. */
  held(now: number): number {
    if (this.#state.holds.size === 0) return 0
    return this.#look(now, Number.MAX_SAFE_INTEGER).held
  }

  /** Due rows that are not known to be held, at most `limit`. */
  count(now: number, limit: number): number {
    const { rows } = this.#state
    const { from } = this.#start(now)
    const to = dueRow('condemned', now + 1, '')
    if (this.#unreadable.size === 0) return rows.count(from, to, limit)
    return rows.names(from, to, limit).reduce((count, row) => count + (this.#isAside(row) ? 0 : 1), 0)
  }

  /** When the next row becomes due, after `now`, also because a rule ends; before `until`. */
  next(now: number, until: number): number | undefined {
    const { rows, holds } = this.#state
    const [row] = rows.names(dueRow('condemned', now + 1, ''), dueRow('condemned', until, ''), 1)
    const next = Math.min(row ? timeOfDueRow(row) : Number.POSITIVE_INFINITY, holds.nextExpiry(now))
    return next < until ? next : undefined
  }

  #start(now: number): Passed {
    const { version: rules } = this.#state.holds
    const { version: aside } = this.#unreadable
    const passed = this.#passed
    if (passed.rules !== rules || passed.aside !== aside || now >= passed.until)
      this.#passed = { rules, aside, until: this.#state.holds.nextExpiry(now), from: FIRST, held: 0 }
    return this.#passed
  }

  #look(now: number, limit: number): { due: StorageKey[]; held: number } {
    const { head, holds } = this.#state
    const to = dueRow('condemned', now + 1, '')
    let { from, held } = this.#start(now)
    const due: StorageKey[] = []
    const page = holds.size === 0 ? this.#unreadable.pageFor(Math.min(limit, PAGE)) : PAGE
    for (;;) {
      const { items, next } = this.#unreadable.dueRows(from, to, page)
      for (const name of items) {
        from = after(name)
        const key = keyOfDueRow(name) as StorageKey
        if (this.#unreadable.isBelow(key)) continue
        const isHeld = this.#isHeld(key, now)
        if (isHeld === 'unreadable') continue
        if (!isHeld) due.push(key)
        else {
          held++
          // Rows that are yet to come have the time of their record at least: none will come before this one.
          if (due.length === 0 && timeOfDueRow(name) < head.time)
            this.#passed = { ...this.#passed, from, held }
        }
        if (due.length === limit) return { due, held }
      }
      if (!next) return { due, held }
      from = next
    }
  }

  #isAside(row: Buffer): boolean {
    const key = keyOfDueRow(row)
    return this.#unreadable.has(key) || this.#unreadable.isBelow(key)
  }

  #isHeld(key: StorageKey, now: number): boolean | 'unreadable' {
    const state = this.#state
    if (state.holds.size === 0) return false
    const known = this.#unreadable.look(state, key)
    if (known === 'unreadable') return known
    return known?.state === 'condemned' && isHeld(state, key, known, now)
  }
}
