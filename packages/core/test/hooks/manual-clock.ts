import type { Clock, Timer } from '@holdfast/core'

/** Lets everything that is ready run, and what becomes ready by that. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 10; round++) await new Promise((resolve) => setImmediate(resolve))
}

/** A clock that stands still until a test moves it. The kernel's suite needs no other package, so it has its own. */
export class ManualClock implements Clock {
  /** Timers that were ever set. */
  set = 0
  readonly #timers = new Map<object, { readonly at: number; readonly fn: () => void }>()
  #elapsed = 0

  /** Timers that wait. */
  get timers(): number {
    return this.#timers.size
  }

  now(): number {
    return Date.UTC(2026, 0, 1) + this.#elapsed
  }

  monotonic(): number {
    return this.#elapsed
  }

  timer(ms: number, fn: () => void): Timer {
    const id = {}
    this.set++
    this.#timers.set(id, { at: this.#elapsed + ms, fn })
    const clear = () => void this.#timers.delete(id)
    return { clear, [Symbol.dispose]: clear }
  }

  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms
    for (;;) {
      const [next] = [...this.#timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)
      if (!next) break
      const [id, { at, fn }] = next
      this.#timers.delete(id)
      this.#elapsed = Math.max(this.#elapsed, at)
      fn()
      await settle()
    }
    this.#elapsed = end
    await settle()
  }
}
