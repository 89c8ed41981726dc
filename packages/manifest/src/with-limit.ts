import type { Clock, HoldfastError } from '@holdfast/core'

export interface Limit {
  readonly clock: Clock
  /** Milliseconds. */
  readonly limit: number
  readonly signal: AbortSignal
  /** What a call that takes longer is given up with. */
  readonly late: () => HoldfastError
}

/**
 * Runs a call with a signal that fires with the given one and at the time limit, and waits no longer than that, whether
 * the call heeds it or not.
 */
export async function withLimit<T>(
  { clock, limit, signal, late }: Limit,
  call: (within: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const own = new AbortController()
  const over = Promise.withResolvers<never>()
  over.promise.catch(() => undefined)
  const giveUp = (reason: unknown) => {
    own.abort(reason)
    over.reject(reason)
  }
  const onAbort = () => giveUp(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  using _timer = clock.timer(limit, () => giveUp(late()))
  try {
    return await Promise.race([call(own.signal), over.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
