import type { Clock, Timer } from '@holdfast/core'

interface Waiting {
  readonly at: number
  readonly order: number
  readonly fn: () => void
  readonly clock: NodeClock
}

/**
 * The time of the world, ms. It moves in leaps: a timer that became due on the way fires once, late, as it does in a
 * process that was not scheduled for a while.
 */
export class Time {
  readonly start = Date.UTC(2026, 0, 1)
  now = 0
  #order = 0
  readonly #waiting = new Set<Waiting>()

  wait(clock: NodeClock, ms: number, fn: () => void): Timer {
    const waiting: Waiting = { at: this.now + Math.max(0, ms), order: this.#order++, fn, clock }
    this.#waiting.add(waiting)
    const clear = () => void this.#waiting.delete(waiting)
    return { clear, [Symbol.dispose]: clear }
  }

  leap(ms: number): void {
    this.now += ms
  }

  /** Takes the timers that are due on clocks that run, in their order. */
  takeDue(): (() => void)[] {
    const due: Waiting[] = []
    for (const waiting of this.#waiting) {
      if (waiting.clock.state === 'dead') this.#waiting.delete(waiting)
      else if (waiting.at <= this.now && waiting.clock.state === 'runs') due.push(waiting)
    }
    for (const waiting of due) this.#waiting.delete(waiting)
    return due.sort((a, b) => a.at - b.at || a.order - b.order).map(({ fn }) => fn)
  }
}

/** The clock of one life on one machine. */
export class NodeClock implements Clock {
  state: 'runs' | 'stands' | 'dead' = 'runs'
  readonly #time: Time
  readonly #machine: { readonly drift: number }

  constructor(time: Time, machine: { readonly drift: number }) {
    this.#time = time
    this.#machine = machine
  }

  now(): number {
    return this.#time.start + this.#time.now + this.#machine.drift
  }

  monotonic(): number {
    return this.#time.now
  }

  timer(ms: number, fn: () => void): Timer {
    return this.#time.wait(this, ms, fn)
  }
}
