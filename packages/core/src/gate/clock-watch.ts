import type { Clock } from '../clock.ts'
import type { Denial } from './request.ts'

export interface ClockWatchOptions {
  /** Most that wall and monotonic time may have drifted apart since the start, ms. Default 5 min. */
  readonly allowance?: number
  /** Furthest that now may lie behind the newest record before somebody must confirm it, ms. Default 7 d. */
  readonly horizon?: number
  /** Another clock to ask when now is beyond the horizon: gives ms since 1970 UTC. */
  readonly secondSource?: (options: { readonly signal?: AbortSignal }) => Promise<number>
}

const ALLOWANCE_MS = 5 * 60_000
const HORIZON_MS = 7 * 86_400_000

/**
 * Whether the clock can be believed. A clock that jumped ahead makes everything look expired, so nothing is destroyed
 * by it: the gate asks here first. The operator's word (`trust`) ends a doubt.
 */
export class ClockWatch {
  readonly #clock: Clock
  readonly #allowance: number
  readonly #horizon: number
  readonly #secondSource: ClockWatchOptions['secondSource']
  readonly #newestRecord: () => number
  /** What the wall clock would say at monotonic time 0. */
  #offset: number
  /** A time that is known to have been reached. */
  #confirmed = 0

  /** `newestRecord`: time of the manifest's last record, ms; 0 when there is none. */
  constructor(clock: Clock, newestRecord: () => number, options: ClockWatchOptions = {}) {
    this.#clock = clock
    this.#newestRecord = newestRecord
    this.#allowance = options.allowance ?? ALLOWANCE_MS
    this.#horizon = options.horizon ?? HORIZON_MS
    this.#secondSource = options.secondSource
    this.#offset = clock.now() - clock.monotonic()
  }

  /** Somebody has looked: it is now what the clock says. */
  trust(): void {
    this.#offset = this.#clock.now() - this.#clock.monotonic()
    this.#confirmed = this.#clock.now()
  }

  /** Answers at once, unless another clock must be asked. */
  check(asked: { readonly signal?: AbortSignal } = {}): Promise<Denial | undefined> | Denial | undefined {
    const now = this.#clock.now()
    const drift = Math.abs(now - this.#clock.monotonic() - this.#offset)
    if (drift > this.#allowance)
      return suspect(`the wall clock has moved by ${drift} ms against the time that has passed; ${CURE}`)
    const newest = this.#newestRecord()
    if (newest === 0) return undefined
    if (now < newest) return suspect(`the clock is ${newest - now} ms before the newest record; set it right`)
    if (now - Math.max(newest, this.#confirmed) <= this.#horizon) return undefined
    const far = `the newest record is ${now - newest} ms old`
    if (!this.#secondSource) return suspect(`${far}; ${CURE}`)
    return this.#ask(this.#secondSource, now, far, asked)
  }

  async #ask(
    source: NonNullable<ClockWatchOptions['secondSource']>,
    now: number,
    far: string,
    asked: { readonly signal?: AbortSignal },
  ): Promise<Denial | undefined> {
    const other = await source(asked)
    if (!(Math.abs(other - now) <= this.#allowance))
      return suspect(`${far}, and another clock says ${other}; set it right`)
    this.#confirmed = now
    return undefined
  }
}

const CURE = 'if it is right, say so with node.trustClock(), or holdfast trust-clock --act'

function suspect(deny: string): Denial {
  return { deny, reason: 'clock_suspect' }
}
