import type { StorageKey } from '@holdfast/core'
import { after, dueRow, keyOfDueRow, timeOfDueRow } from '../format/rows.ts'
import { isHeld } from '../state/condemn.ts'
import type { State } from '../state/state.ts'
import type { Unreadable } from './unreadable.ts'

const FIRST = dueRow('condemned', 0, '')
const PAGE = 1000

/** What is known about rows that were looked at, as long as no rule changes or ends. */
interface Passed {
  readonly rules: number
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
  #passed: Passed = { rules: -1, until: 0, from: FIRST, held: 0 }

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
    const { from, held } = this.#start(now)
    const found = this.#state.rows.count(from, dueRow('condemned', now + 1, ''), limit)
    // Behind held ones it is not known how many of those set aside are counted.
    return held > 0 ? found : Math.max(0, found - this.#unreadable.count('condemned'))
  }

  /** When the next row becomes due, after `now`, also because a rule ends; before `until`. */
  next(now: number, until: number): number | undefined {
    const { rows, holds } = this.#state
    const [row] = rows.names(dueRow('condemned', now + 1, ''), dueRow('condemned', until, ''), 1)
    const next = Math.min(row ? timeOfDueRow(row) : Number.POSITIVE_INFINITY, holds.nextExpiry(now))
    return next < until ? next : undefined
  }

  #start(now: number): Passed {
    const { version } = this.#state.holds
    if (this.#passed.rules !== version || now >= this.#passed.until)
      this.#passed = { rules: version, until: this.#state.holds.nextExpiry(now), from: FIRST, held: 0 }
    return this.#passed
  }

  #look(now: number, limit: number): { due: StorageKey[]; held: number } {
    const { head, holds } = this.#state
    const to = dueRow('condemned', now + 1, '')
    let { from, held } = this.#start(now)
    const due: StorageKey[] = []
    const page = holds.size === 0 ? Math.min(limit, PAGE) : PAGE
    for (;;) {
      const { rows, next } = this.#unreadable.dueRows(from, to, page, 'condemned')
      for (const name of rows) {
        from = after(name)
        const key = keyOfDueRow(name) as StorageKey
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

  #isHeld(key: StorageKey, now: number): boolean | 'unreadable' {
    const state = this.#state
    if (state.holds.size === 0) return false
    const known = this.#unreadable.look(state, key, 'condemned')
    if (known === 'unreadable') return known
    return known?.state === 'condemned' && isHeld(state, key, known, now)
  }
}
