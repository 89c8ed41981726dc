import { type Clock, HoldfastError } from '@holdfast/core'

export interface TimeLimit {
  readonly clock: Clock
  /** Milliseconds. */
  readonly limit: number
  /** Ends the wait as well. */
  readonly stopping: AbortSignal
}

/** Gives a call of the store up at its time limit, and when the node stops, whether it heeds its signal or not. */
export async function inTime<T>(
  { clock, limit, stopping }: TimeLimit,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const late = Promise.withResolvers<never>()
  late.promise.catch(() => undefined)
  const giveUp = (reason: unknown) => {
    controller.abort(reason)
    late.reject(reason)
  }
  const onStop = () => giveUp(stopping.reason)
  if (stopping.aborted) onStop()
  stopping.addEventListener('abort', onStop, { once: true })
  using _timer = clock.timer(limit, () =>
    giveUp(
      new HoldfastError('HF_BACKEND', `the store took longer than ${limit} ms`, {
        kind: 'unavailable',
        operation: 'eraser',
      }),
    ),
  )
  try {
    return await Promise.race([call(controller.signal), late.promise])
  } finally {
    stopping.removeEventListener('abort', onStop)
  }
}
