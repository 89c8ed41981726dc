import { type Clock, sleep } from '../../clock.ts'
import { isHoldfastError } from '../../errors.ts'
import type { Backend } from '../backend.ts'
import { overlay, stepwise } from './calls.ts'

/** Requests a second: as many as the store takes, at most a number of them, or without any pacing. */
export type StoreRate = 'adaptive' | 'off' | number

/** A store that says "slow down" is asked this much less; one that says nothing, this much more each second. */
const LESS = 0.7
const MORE = 1.1
/** How far above the rate at which it was last throttled a store must be quiet to be asked without a bound again. */
const FREE_AGAIN = 10
const WINDOW_MS = 1000

/**
 * How fast a store may be asked, for all callers of a node together. Without a bound it counts and lets pass. When the
 * store throttles, everybody slows down to less than what was just too much, and then speeds up again step by step.
 */
export class RateLimiter {
  readonly #clock: Clock
  readonly #most: number
  #rate: number
  /** When the next request may go, ms of the monotonic clock. */
  #next = 0
  /** Requests since `#windowFrom`, and in the second before it. */
  #count = 0
  #before = 0
  #windowFrom: number
  #throttledRate = Number.POSITIVE_INFINITY
  #changedAt: number

  /** `most`: requests a second that are never passed. */
  constructor(clock: Clock, most = Number.POSITIVE_INFINITY) {
    this.#clock = clock
    this.#most = most
    this.#rate = this.#most
    this.#windowFrom = clock.monotonic()
    this.#changedAt = this.#windowFrom
  }

  /** Requests a second that are let through now; Infinity for no bound. */
  get rate(): number {
    return this.#rate
  }

  /** Resolves when the next request may go; undefined when it may go at once. Rejects with the reason of the signal. */
  turn(signal?: AbortSignal): Promise<void> | undefined {
    const now = this.#clock.monotonic()
    this.#roll(now)
    this.#count++
    if (this.#rate === Number.POSITIVE_INFINITY && this.#next <= now) return undefined
    const at = Math.max(now, this.#next)
    this.#next = at + (this.#rate === Number.POSITIVE_INFINITY ? 0 : 1000 / this.#rate)
    return at === now ? undefined : sleep(this.#clock, Math.ceil(at - now), signal)
  }

  /** The store has asked for fewer requests, and for none before `retryAfter` ms have passed, if it said so. */
  throttled(retryAfter = 0): void {
    const now = this.#clock.monotonic()
    this.#roll(now)
    this.#next = Math.max(this.#next, now + retryAfter)
    // Answers to what was sent before the last step down say nothing about it.
    if (this.#throttledRate !== Number.POSITIVE_INFINITY && now - this.#changedAt < WINDOW_MS) return
    this.#throttledRate = Math.min(this.#rate, Math.max(this.#count, this.#before, 1))
    this.#rate = Math.max(1, this.#throttledRate * LESS)
    this.#changedAt = now
  }

  /** The store has answered. */
  answered(): void {
    if (this.#rate === this.#most) return
    const now = this.#clock.monotonic()
    if (now - this.#changedAt < WINDOW_MS) return
    this.#changedAt = now
    this.#rate = Math.min(this.#most, this.#rate * MORE)
    if (this.#rate < this.#throttledRate * FREE_AGAIN) return
    this.#rate = this.#most
    this.#throttledRate = Number.POSITIVE_INFINITY
  }

  #roll(now: number): void {
    const seconds = Math.floor((now - this.#windowFrom) / WINDOW_MS)
    if (seconds === 0) return
    this.#before = seconds === 1 ? this.#count : 0
    this.#count = 0
    this.#windowFrom += seconds * WINDOW_MS
  }
}

/** Lets calls, and pages of listings, wait for their turn, and tells the limiter how the store took them. */
export function rateLimited(backend: Backend, limiter: RateLimiter): Backend {
  const inTurn = async <T>(signal: AbortSignal | undefined, call: () => Promise<T>): Promise<T> => {
    const turn = limiter.turn(signal)
    if (turn) await turn
    try {
      const answer = await call()
      limiter.answered()
      return answer
    } catch (error) {
      note(error)
      throw error
    }
  }
  const note = (error: unknown) => {
    if (!isHoldfastError(error)) return
    const { retryAfter } = error.context
    if (error.kind === 'throttled') limiter.throttled(typeof retryAfter === 'number' ? retryAfter : 0)
    else if (error.kind !== 'unavailable') limiter.answered()
  }
  return overlay(backend, {
    write: (key, source, options) => inTurn(options?.signal, () => backend.write(key, source, options)),
    read: (key, options) => inTurn(options?.signal, () => backend.read(key, options)),
    stat: (key, options) => inTurn(options?.signal, () => backend.stat(key, options)),
    list: (options) => stepwise(backend.list(options), (next) => inTurn(options?.signal, next)),
    delete: (targets, options) =>
      inTurn(options?.signal, async () => {
        const outcomes = await backend.delete(targets, options)
        for (const outcome of outcomes) if (outcome.status === 'failed') note(outcome.error)
        return outcomes
      }),
  })
}
