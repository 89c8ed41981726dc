import type { Clock, Timer } from '@holdfast/core'

interface Waiting {
  readonly at: number
  readonly order: number
  readonly fn: () => void
}

/** A clock that stands still until a test moves it. Timers fire in the order of their times, inside `advance`. */
export class FakeClock implements Clock {
  #now: number
  #monotonic = 0
  #order = 0
  readonly #waiting = new Set<Waiting>()

  constructor(now: number | Date = Date.UTC(2026, 0, 1)) {
    this.#now = Number(now)
  }

  now(): number {
    // A timer may end between two milliseconds; wall time is whole ones.
    return Math.floor(this.#now)
  }

  monotonic(): number {
    return this.#monotonic
  }

  timer(ms: number, fn: () => void): Timer {
    const waiting: Waiting = { at: this.#monotonic + Math.max(0, ms), order: this.#order++, fn }
    this.#waiting.add(waiting)
    const clear = () => void this.#waiting.delete(waiting)
    return { clear, [Symbol.dispose]: clear }
  }

  /** Timers that have not fired. */
  get timers(): number {
    return this.#waiting.size
  }

  /** Moves both times on and fires what becomes due on the way, letting promises settle after each timer. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms
    for (;;) {
      const [next] = [...this.#waiting]
        .filter(({ at }) => at <= end)
        .sort((a, b) => a.at - b.at || a.order - b.order)
      if (!next) break
      this.#move(next.at - this.#monotonic)
      this.#waiting.delete(next)
      next.fn()
      await new Promise((resolve) => setImmediate(resolve))
    }
    this.#move(end - this.#monotonic)
  }

  /** Sets wall time alone, as a person or a time server does. */
  setWall(now: number | Date): void {
    this.#now = Number(now)
  }

  #move(ms: number): void {
    this.#now += ms
    this.#monotonic += ms
  }
}
