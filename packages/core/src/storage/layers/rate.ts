import type { Clock, Timer } from '../../clock.ts'
import { HoldfastError, isHoldfastError } from '../../errors.ts'
import type { Backend } from '../backend.ts'
import { aborted, type BackendCall, overlay, stepwise } from './calls.ts'

/** Requests a second: as many as the store takes, at most a number of them, or without any pacing. */
export type StoreRate = 'adaptive' | 'off' | number

/** A store that says "slow down" is asked this much less; one that says nothing, this much more each second. */
const LESS = 0.7
const MORE = 1.1
/** How far above the rate at which it was last throttled a store must be quiet to be asked without a bound again. */
const FREE_AGAIN = 10
const WINDOW_MS = 1000
/** What a store that throttles a quiet node is thought to take, requests a second. */
const LITTLE = 10
/** A store that wants to be left alone for longer is not waited for, ms. */
const PATIENCE_MS = 60_000

interface Waiter {
  readonly go: () => void
  readonly refuse: (error: unknown) => void
}

/**
 * How fast a store may be asked, for all callers of a node together. Without a bound it counts and lets pass. When the
 * store throttles, everybody slows down to less than what was just too much, those who wait already too, and then
 * speeds up again step by step.
 */
export class RateLimiter {
  readonly #clock: Clock
  readonly #most: number
  readonly #waiting = new Set<Waiter>()
  #timer: Timer | undefined
  #rate: number
  /** When the last request went, and before when none may go, ms of the monotonic clock. */
  #went = Number.NEGATIVE_INFINITY
  #notBefore = Number.NEGATIVE_INFINITY
  /** Requests that went since `#windowFrom`, and in the second before it. */
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

  /**
   * Resolves when the next request may go; undefined when it may go at once. Rejects with the reason of the signal, or
   * with kind `throttled` when the store wants to be left alone for longer than anybody should wait.
   */
  turn(signal?: AbortSignal): Promise<void> | undefined {
    if (this.#waiting.size === 0 && this.#wait() <= 0) {
      this.#go()
      return undefined
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiter = { go: resolve, refuse: reject }
    const leave = () => {
      this.#waiting.delete(waiter)
      reject(signal?.reason)
    }
    if (signal?.aborted) leave()
    else {
      signal?.addEventListener('abort', leave, { once: true })
      this.#waiting.add(waiter)
      this.#serve()
    }
    return promise.finally(() => signal?.removeEventListener('abort', leave))
  }

  /** The store has asked for fewer requests, and for none before `retryAfter` ms have passed, if it said so. */
  throttled(retryAfter = 0): void {
    const now = this.#clock.monotonic()
    this.#notBefore = Math.max(this.#notBefore, now + retryAfter)
    // Answers to what was sent before the last step down say nothing about it.
    if (this.#throttledRate === Number.POSITIVE_INFINITY || now - this.#changedAt >= WINDOW_MS) {
      this.#roll(now)
      this.#throttledRate = Math.min(this.#rate, Math.max(this.#count, this.#before, LITTLE))
      this.#rate = Math.max(1, this.#throttledRate * LESS)
      this.#changedAt = now
    }
    this.#serve()
  }

  /** The store has answered. */
  answered(): void {
    if (this.#rate === this.#most) return
    const now = this.#clock.monotonic()
    if (now - this.#changedAt < WINDOW_MS) return
    this.#changedAt = now
    this.#rate = Math.min(this.#most, this.#rate * MORE)
    if (this.#rate >= this.#throttledRate * FREE_AGAIN) {
      this.#rate = this.#most
      this.#throttledRate = Number.POSITIVE_INFINITY
    }
    this.#serve()
  }

  /** Milliseconds until the next request may go, as things are now. */
  #wait(): number {
    const now = this.#clock.monotonic()
    const paced = this.#rate === Number.POSITIVE_INFINITY ? now : this.#went + 1000 / this.#rate
    return Math.max(paced, this.#notBefore) - now
  }

  /** Lets those go whose turn it is, and looks again when it is the next one's. */
  #serve(): void {
    this.#timer?.clear()
    this.#timer = undefined
    const tooLong = this.#notBefore - this.#clock.monotonic()
    for (const waiter of this.#waiting) {
      const wait = this.#wait()
      if (tooLong <= PATIENCE_MS && wait > 0) {
        this.#timer = this.#clock.timer(Math.ceil(wait), () => this.#serve())
        return
      }
      this.#waiting.delete(waiter)
      if (tooLong > PATIENCE_MS) waiter.refuse(leftAlone(tooLong))
      else {
        this.#go()
        waiter.go()
      }
    }
  }

  #go(): void {
    const now = this.#clock.monotonic()
    this.#roll(now)
    this.#count++
    this.#went = now
  }

  #roll(now: number): void {
    const seconds = Math.floor((now - this.#windowFrom) / WINDOW_MS)
    if (seconds === 0) return
    this.#before = seconds === 1 ? this.#count : 0
    this.#count = 0
    this.#windowFrom += seconds * WINDOW_MS
  }
}

function leftAlone(retryAfter: number): HoldfastError {
  return new HoldfastError('HF_BACKEND', `the store wants no request for ${Math.ceil(retryAfter)} ms`, {
    kind: 'throttled',
    context: { retryAfter },
  })
}

/** Lets calls, and pages of listings, wait for their turn, and tells the limiter how the store took them. */
export function rateLimited(backend: Backend, limiter: RateLimiter): Backend {
  const inTurn = async <T>(name: BackendCall, signal: AbortSignal | undefined, call: () => Promise<T>) => {
    await limiter.turn(signal)?.catch((error: unknown) => {
      throw signal?.aborted ? aborted(name, signal) : error
    })
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
    write: (key, source, options) =>
      inTurn('write', options?.signal, () => backend.write(key, source, options)),
    read: (key, options) => inTurn('read', options?.signal, () => backend.read(key, options)),
    stat: (key, options) => inTurn('stat', options?.signal, () => backend.stat(key, options)),
    list: (options) => stepwise(backend.list(options), (next) => inTurn('list', options?.signal, next)),
    delete: (targets, options) =>
      inTurn('delete', options?.signal, async () => {
        const outcomes = await backend.delete(targets, options)
        for (const outcome of outcomes) if (outcome.status === 'failed') note(outcome.error)
        return outcomes
      }),
  })
}
