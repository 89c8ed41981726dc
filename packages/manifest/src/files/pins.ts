import type { Clock, StorageKey } from '@holdfast/core'

/** Longest time that one reader keeps bytes from being erased, ms. */
const LONGEST_PIN_MS = 10 * 60_000

/**
 * Keys that are being read on this node. The eraser leaves them for later; memory alone holds them, because a restart
 * ends the reads too.
 */
export class Pins {
  readonly #clock: Clock
  readonly #until = new Map<string, number[]>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Pins a key until the result is disposed of, or the longest pin ends. */
  pin(key: StorageKey): Disposable {
    const until = this.#clock.monotonic() + LONGEST_PIN_MS
    const pins = this.#until.get(key) ?? []
    pins.push(until)
    this.#until.set(key, pins)
    return {
      [Symbol.dispose]: () => {
        const at = pins.indexOf(until)
        if (at !== -1) pins.splice(at, 1)
        if (pins.length === 0 && this.#until.get(key) === pins) this.#until.delete(key)
      },
    }
  }

  isPinned(key: StorageKey): boolean {
    const pins = this.#until.get(key)
    if (!pins) return false
    const now = this.#clock.monotonic()
    if (pins.some((until) => until > now)) return true
    this.#until.delete(key)
    return false
  }
}
