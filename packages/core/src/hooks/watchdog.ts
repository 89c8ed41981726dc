import type { Clock, Timer } from '../clock.ts'

/** Something that must end in time. */
export interface Watched {
  /** Monotonic time after which it is late, ms. */
  readonly deadline: number
  expire(): void
}

/**
 * Sees to the time limits of all calls with one timer. The timer is not touched when a call ends: the next look finds
 * it gone. So a call costs an entry in a set, and there is about one timer per time limit that passes.
 */
export class Watchdog {
  readonly #clock: Clock
  readonly #watched = new Set<Watched>()
  #timer: Timer | undefined
  /** When the timer fires. */
  #at = Number.POSITIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  enter(call: Watched): void {
    this.#watched.add(call)
    if (call.deadline < this.#at) this.#arm(call.deadline)
  }

  leave(call: Watched): void {
    this.#watched.delete(call)
  }

  /** Gives the timer back; a call that is entered later sets a new one. */
  rest(): void {
    this.#timer?.clear()
    this.#timer = undefined
    this.#at = Number.POSITIVE_INFINITY
  }

  #arm(at: number): void {
    this.#timer?.clear()
    this.#at = at
    this.#timer = this.#clock.timer(Math.max(0, Math.ceil(at - this.#clock.monotonic())), () => this.#look())
  }

  #look(): void {
    this.rest()
    const now = this.#clock.monotonic()
    let next = Number.POSITIVE_INFINITY
    for (const call of this.#watched) {
      if (call.deadline > now) next = Math.min(next, call.deadline)
      else {
        this.#watched.delete(call)
        call.expire()
      }
    }
    // Smaller than anything that was entered by an expired call's listeners, or there is nothing to arm.
    if (next < this.#at) this.#arm(next)
  }
}
