import type { StorageKey } from '@holdfast/core'
import { after, dueRow, keyOfDueRow, timeOfDueRow } from '../format/rows.ts'
import { isHeld } from '../state/condemn.ts'
import type { State } from '../state/state.ts'

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
  #passed: Passed = { rules: -1, until: 0, from: FIRST, held: 0 }

  constructor(state: State) {
    this.#state = state
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
    return this.#state.rows.count(this.#start(now).from, dueRow('condemned', now + 1, ''), limit)
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
    const { rows, head, holds } = this.#state
    const to = dueRow('condemned', now + 1, '')
    let { from, held } = this.#start(now)
    const due: StorageKey[] = []
    const page = holds.size === 0 ? Math.min(limit, PAGE) : PAGE
    for (;;) {
      const names = rows.names(from, to, page)
      for (const name of names) {
        from = after(name)
        const key = keyOfDueRow(name) as StorageKey
        if (!this.#isHeld(key, now)) due.push(key)
        else {
          held++
          // Rows that are yet to come have the time of their record at least: none will come before this one.
          if (due.length === 0 && timeOfDueRow(name) < head.time)
            this.#passed = { ...this.#passed, from, held }
        }
        if (due.length === limit) return { due, held }
      }
      if (names.length < page) return { due, held }
    }
  }

  #isHeld(key: StorageKey, now: number): boolean {
    const state = this.#state
    if (state.holds.size === 0) return false
    const known = state.key(key)
    return known?.state === 'condemned' && isHeld(state, key, known, now)
  }
}
