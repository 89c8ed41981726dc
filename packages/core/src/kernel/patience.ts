import { type Clock, sleep } from '../clock.ts'

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
  const settled = new AbortController()
  const answer = fn({ signal: told.signal })
  if (answer === undefined) return undefined
  const running = Promise.resolve(answer)
  const onSettled = () => settled.abort()
  running.then(onSettled, onSettled)
  const wait = (ms: number, signals: readonly AbortSignal[] = []) =>
    sleep(clock, ms, AbortSignal.any([settled.signal, ...signals])).catch(() => undefined)
  await wait(limit, signal && [signal])
  if (!settled.signal.aborted) {
    const cutShort = signal?.aborted === true
    told.abort(cutShort ? signal.reason : new DOMException('its time is over', 'TimeoutError'))
    await wait(grace)
    if (!cutShort || !settled.signal.aborted) return { late: running }
  }
  await running
  return undefined
}
