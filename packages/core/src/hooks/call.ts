import type { TapContext } from './ports.ts'

/**
 * The context of one call. Its signal is made when the tap asks for it: most never do, and a controller costs more
 * than the rest of the guard. It hears the caller's signal only while the call runs, so that nothing stays behind on
 * a signal that lives as long as the node.
 */
export class CallContext implements TapContext {
  readonly #outer: AbortSignal | undefined
  #controller: AbortController | undefined
  #unlisten: (() => void) | undefined
  #reason: unknown
  #ended = false

  constructor(outer: AbortSignal | undefined) {
    this.#outer = outer
  }

  get signal(): AbortSignal {
    this.#controller ??= this.#control()
    return this.#controller.signal
  }

  #control(): AbortController {
    const controller = new AbortController()
    const outer = this.#outer
    if (this.#reason !== undefined) controller.abort(this.#reason)
    else if (outer?.aborted) controller.abort(outer.reason)
    else if (outer && !this.#ended) {
      const onAbort = () => controller.abort(outer.reason)
      outer.addEventListener('abort', onAbort, { once: true })
      this.#unlisten = () => outer.removeEventListener('abort', onAbort)
    }
    return controller
  }

  // Static, so that a tap, which holds the context, finds no method on it.
  static abort(context: CallContext, reason: Error): void {
    context.#reason = reason
    context.#controller?.abort(reason)
  }

  static end(context: CallContext): void {
    context.#ended = true
    context.#unlisten?.()
  }
}
