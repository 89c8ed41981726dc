/** Retries that may be made at once, when all calls have gone well for long. */
const MOST = 20
/** What a call that went well gives back. */
const EARNED = 0.1

/**
 * How many calls may be tried again, for all callers together: a store that fails one call in ten gets its retries; one
 * that fails all is not asked a multiple of what it could not do.
 */
export class RetryBudget {
  #left = MOST

  earn(): void {
    this.#left = Math.min(MOST, this.#left + EARNED)
  }

  /** False when there is nothing left to spend. */
  spend(): boolean {
    if (this.#left < 1) return false
    this.#left--
    return true
  }
}
