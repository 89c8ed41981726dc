import type { Clock } from './clock.ts'

/**
 * Whether a promise settles before `ms` have passed on the clock, and before the signal is aborted. Never rejects: what
 * the promise says is for whoever awaits it.
 */
export function settlesWithin(
  promise: PromiseLike<unknown>,
  {
    clock,
    ms,
    signal,
  }: { readonly clock: Clock; readonly ms: number; readonly signal?: AbortSignal | undefined },
): Promise<boolean> {
  return new Promise((resolve) => {
    const answer = (settled: boolean) => {
      timer?.clear()
      signal?.removeEventListener('abort', giveUp)
      resolve(settled)
    }
    const giveUp = () => answer(false)
    const onSettled = () => answer(true)
    const timer = ms === Number.POSITIVE_INFINITY ? undefined : clock.timer(ms, giveUp)
    signal?.addEventListener('abort', giveUp, { once: true })
    promise.then(onSettled, onSettled)
    if (signal?.aborted) giveUp()
  })
}

export interface Patience {
  readonly clock: Clock
  /** Time that the function has, ms. */
  readonly limit: number
  /** Time that it has to end after it was told to, ms. */
  readonly grace: number
  /** Tells it to end before its time is over. */
  readonly signal?: AbortSignal
}

/**
 * Calls a plugin's function and waits for it, but not for ever: when its time is over, or the signal is aborted, its
 * own signal tells it to end. Resolves with undefined when it has ended; with the promise of its end, wrapped, when it
 * has outlasted its time: that end may never come. @throws what the function throws
 */
export async function waitFor(
  fn: (options: { readonly signal: AbortSignal }) => Promise<void> | void,
  { clock, limit, grace, signal }: Patience,
): Promise<{ readonly late: Promise<void> } | undefined> {
  const told = new AbortController()
  const answer = fn({ signal: told.signal })
  if (answer === undefined) return undefined
  const running = Promise.resolve(answer)
  if (!(await settlesWithin(running, { clock, ms: limit, signal }))) {
    const cutShort = signal?.aborted === true
    told.abort(cutShort ? signal.reason : new DOMException('its time is over', 'TimeoutError'))
    const ended = await settlesWithin(running, { clock, ms: grace })
    if (!cutShort || !ended) return { late: running }
  }
  await running
  return undefined
}
