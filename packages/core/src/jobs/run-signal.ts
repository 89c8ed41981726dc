import type { Clock } from '../clock.ts'
import { timedOut } from './abort.ts'

/** The signal of one run: aborted by its caller, its time limit or the node. Dispose of it when the run has ended. */
export class RunSignal implements Disposable {
  readonly #controller = new AbortController()
  readonly #release: () => void

  constructor(clock: Clock, timeout: number | 'off' | undefined, outer: AbortSignal | undefined) {
    const timer =
      typeof timeout === 'number' ? clock.timer(timeout, () => this.abort(timedOut(timeout))) : undefined
    const onAbort = () => this.abort(outer?.reason)
    outer?.addEventListener('abort', onAbort, { once: true })
    if (outer?.aborted) onAbort()
    this.#release = () => {
      timer?.clear()
      outer?.removeEventListener('abort', onAbort)
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason)
  }

  [Symbol.dispose](): void {
    this.#release()
  }
}
