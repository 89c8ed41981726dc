import { type Clock, sleep } from '../../clock.ts'
import { type HoldfastError, isHoldfastError } from '../../errors.ts'
import type { Ids } from '../../ids.ts'
import type { Backend, CallOptions, DeleteOutcome, DeleteTarget, ListOptions, ListPage } from '../backend.ts'
import { RetryBudget } from './budget.ts'
import { type BackendCall, overlay } from './calls.ts'
import { isWritten } from './written.ts'

export interface RetryOptions {
  readonly clock: Clock
  /** Chance, for the waits: nodes that failed together must not come back together. */
  readonly ids: Ids
  /** Further tries of one call, at most. 0: none. */
  readonly retries: number
  readonly onRetry?: (call: BackendCall, error: HoldfastError) => void
}

const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 10_000

/**
 * Tries again what failed with an error that says `retryable`, and only where trying again is safe: a listing goes on
 * behind the last key that it gave, a delete repeats only the targets that failed, a write is repeated only when its
 * bytes are in memory. A stream that has begun is not taken up again: its reader has seen a part of it.
 */
export function retrying(backend: Backend, options: RetryOptions): Backend {
  const tries = new Tries(options)
  return overlay(backend, {
    async write(key, source, given) {
      if (!(source instanceof Uint8Array)) return backend.write(key, source, given)
      let lost = false
      return tries.run('write', given?.signal, async () => {
        try {
          return await backend.write(key, source, given)
        } catch (error) {
          // An earlier try may have come through, and only its answer was lost.
          if (lost && isHoldfastError(error) && error.kind === 'exists') {
            const written = await isWritten(backend, key, source, given)
            if (written) return written
          }
          lost = true
          throw error
        }
      })
    },
    read: (key, given) => tries.run('read', given?.signal, () => backend.read(key, given)),
    stat: (key, given) => tries.run('stat', given?.signal, () => backend.stat(key, given)),
    list: (given) => listAgain(backend, tries, given),
    delete: (targets, given) => deleteAgain(backend, tries, targets, given),
  })
}

async function* listAgain(
  backend: Backend,
  tries: Tries,
  options: ListOptions = {},
): AsyncGenerator<ListPage, void, undefined> {
  let last = options.after
  for (let attempt = 1; ; attempt++) {
    try {
      const range = last === undefined ? options : { ...options, after: last }
      for await (const page of backend.list(range)) {
        yield page
        last = page.keys.at(-1) ?? last
        attempt = 1
        tries.succeeded()
      }
      return
    } catch (error) {
      await tries.next('list', attempt, error, options.signal)
    }
  }
}

async function deleteAgain(
  backend: Backend,
  tries: Tries,
  targets: readonly DeleteTarget[],
  options: CallOptions | undefined,
): Promise<DeleteOutcome[]> {
  const outcomes = new Map<string, DeleteOutcome>()
  let left = targets
  for (let attempt = 1; ; attempt++) {
    let failed: unknown
    try {
      for (const outcome of await backend.delete(left, options)) outcomes.set(outcome.key, outcome)
      left = left.filter(({ key }) => {
        const outcome = outcomes.get(key)
        if (outcome?.status !== 'failed' || !outcome.error.retryable) return false
        failed = outcome.error
        return true
      })
      if (left.length === 0) {
        tries.succeeded()
        break
      }
    } catch (error) {
      if (outcomes.size === 0) {
        await tries.next('delete', attempt, error, options?.signal)
        continue
      }
      failed = error
    }
    // Some are gone already, which must be told: what cannot be tried again is an outcome and no rejection.
    if (!(await tries.mayTry('delete', attempt, failed, options?.signal))) break
  }
  return targets.flatMap(({ key }) => outcomes.get(key) ?? [])
}

/** The waits and the budget of all calls of one backend. */
class Tries {
  readonly #options: RetryOptions
  readonly #budget = new RetryBudget()

  constructor(options: RetryOptions) {
    this.#options = options
  }

  async run<T>(call: BackendCall, signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T> {
    for (let count = 1; ; count++)
      try {
        const answer = await attempt()
        this.succeeded()
        return answer
      } catch (error) {
        await this.next(call, count, error, signal)
      }
  }

  succeeded(): void {
    this.#budget.earn()
  }

  /** Resolves when a call may be made again. @throws the error itself, when it may not */
  async next(
    call: BackendCall,
    attempt: number,
    error: unknown,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (!(await this.mayTry(call, attempt, error, signal))) throw error
  }

  /** Waits and gives true, or gives false at once, or when the signal fires meanwhile. */
  async mayTry(
    call: BackendCall,
    attempt: number,
    error: unknown,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const { clock, retries, onRetry } = this.#options
    if (attempt > retries || signal?.aborted) return false
    if (!isHoldfastError(error) || !error.retryable || !this.#budget.spend()) return false
    const { retryAfter } = error.context
    const asked = typeof retryAfter === 'number' ? retryAfter : 0
    // One that wants to be left alone for longer than a call should take is left alone.
    if (asked > LONGEST_WAIT_MS) return false
    onRetry?.(call, error)
    const wait = Math.max(asked, this.#wait(attempt))
    return sleep(clock, wait, signal).then(
      () => true,
      () => false,
    )
  }

  /** Between half and all of a time that doubles. */
  #wait(attempt: number): number {
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1))
    return Math.round(longest * (0.5 + chanceOf(this.#options.ids.next()) / 2))
  }
}

/** From 0 to below 1, from the part of an id that is chance. */
function chanceOf(id: string): number {
  let hash = 0
  for (let at = 10; at < id.length; at++) hash = (Math.imul(hash, 31) + id.charCodeAt(at)) >>> 0
  return (Math.imul(hash, 0x9e3779b1) >>> 0) / 2 ** 32
}
