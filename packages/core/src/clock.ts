/** A timer that was set and can be cleared; `using` clears it too. */
export interface Timer extends Disposable {
  clear(): void
}

/**
 * The only source of time in a node. Wall time is what people mean by "now"; monotonic time is for measuring.
 * Everything that waits or compares times takes this, so that tests decide what time it is.
 */
export interface Clock {
  /** Wall time in integer milliseconds since 1970 UTC. */
  now(): number
  /** Milliseconds from an arbitrary start; never goes back. */
  monotonic(): number
  /** Calls `fn` once after `ms` milliseconds. Never keeps the process alive. */
  timer(ms: number, fn: () => void): Timer
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  timer(ms, fn) {
    // setTimeout wraps round above 2^31-1 ms and would fire at once.
    const handle = setTimeout(fn, Math.min(ms, 0x7fffffff))
    handle.unref()
    const clear = () => clearTimeout(handle)
    return { clear, [Symbol.dispose]: clear }
  },
}

/** Resolves after `ms` on this clock; rejects with the signal's reason when it is aborted first. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const onAbort = () => {
      timer.clear()
      reject(signal?.reason)
    }
    const timer = clock.timer(ms, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** Holds the process while something runs that may rest on timers of the clock alone, which do not. `using` ends it. */
export function keepAlive(): Disposable {
  const handle = setInterval(() => undefined, 0x7fffffff)
  return { [Symbol.dispose]: () => clearInterval(handle) }
}
