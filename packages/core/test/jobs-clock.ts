import type { Clock } from '@holdfast/core'

/** A clock that stands still until a test moves it. The testkit has one, but imports this package. */
export class StillClock implements Clock {
  #wall: number
  #monotonic = 0
  readonly #waiting = new Set<{ readonly at: number; readonly fn: () => void }>()

  constructor(now: number | Date = Date.UTC(2026, 0, 1)) {
    this.#wall = Number(now)
  }

  now(): number {
    return this.#wall
  }

  monotonic(): number {
    return this.#monotonic
  }

  timer(ms: number, fn: () => void) {
    const waiting = { at: this.#monotonic + Math.max(0, ms), fn }
    this.#waiting.add(waiting)
    const clear = () => void this.#waiting.delete(waiting)
    return { clear, [Symbol.dispose]: clear }
  }

  get timers(): number {
    return this.#waiting.size
  }

  /** Moves on to the next timer and fires it, again and again, until `ms` have passed. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms
    for (;;) {
      const [next] = [...this.#waiting].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
      if (!next) break
      this.#move(next.at - this.#monotonic)
      this.#waiting.delete(next)
      next.fn()
      await settle()
    }
    this.#move(end - this.#monotonic)
  }

  setWall(now: number | Date): void {
    this.#wall = Number(now)
  }

  #move(ms: number): void {
    this.#wall += ms
    this.#monotonic += ms
  }
}

/** Lets everything that only waits for promises and turns of the loop come to rest. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}
