import { type Clock, HoldfastError } from '@holdfast/core'

export interface Limit {
  readonly clock: Clock
  /** Milliseconds. */
  readonly limit: number
  readonly signal: AbortSignal
}

/** Runs a call of the log with a signal that fires with the given one and at the time limit; waits no longer than that. */
export async function withLimit<T>(
  { clock, limit, signal }: Limit,
  call: (within: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const own = new AbortController()
  const late = Promise.withResolvers<never>()
  late.promise.catch(() => undefined)
  const giveUp = (reason: unknown) => {
    own.abort(reason)
    late.reject(reason)
  }
  const onAbort = () => giveUp(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  using _timer = clock.timer(limit, () =>
    giveUp(
      new HoldfastError('HF_LOG_UNAVAILABLE', `the log took longer than ${limit} ms`, { operation: 'log' }),
    ),
  )
  try {
    return await Promise.race([call(own.signal), late.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
