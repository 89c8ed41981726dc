import { type Clock, sleep } from '../../clock.ts'
import { type HoldfastError, isHoldfastError } from '../../errors.ts'
import type { Ids } from '../../ids.ts'
import type { Backend, ListOptions, ListPage } from '../backend.ts'
import { RetryBudget } from './budget.ts'
import { aborted, type BackendCall, overlay } from './calls.ts'
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
 * behind the last key that it gave, a write is repeated only when its bytes are in memory. A stream that has begun is
 * not taken up again: its reader has seen a part of it. A delete is never repeated here: whoever deletes has to look
 * anew before each try, and the eraser does.
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

  /** Resolves when a call may be made again. @throws the error itself, when it may not; kind aborted */
  async next(
    call: BackendCall,
    attempt: number,
    error: unknown,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { clock, retries, onRetry } = this.#options
    if (attempt > retries || signal?.aborted) throw error
    if (!isHoldfastError(error) || !error.retryable) throw error
    const { retryAfter } = error.context
    const asked = typeof retryAfter === 'number' ? retryAfter : 0
    // One that wants to be left alone for longer than a call should take is left alone.
    if (asked > LONGEST_WAIT_MS || !this.#budget.spend()) throw error
    onRetry?.(call, error)
    const wait = Math.max(asked, this.#wait(attempt))
    await sleep(clock, wait, signal).catch(() => {
      throw signal ? aborted(call, signal, error) : error
    })
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
