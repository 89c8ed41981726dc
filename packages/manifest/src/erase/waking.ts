import { backoff, type Clock, isHoldfastError, type Logger, messageOf, type Timer } from '@holdfast/core'

export interface WakingParts {
  readonly clock: Clock
  readonly log: Logger
  readonly stopping: AbortSignal
  /** Does what there is to do, at most one chunk of it; true when there is more. */
  readonly pass: () => Promise<boolean>
  /** Milliseconds until there will be something to do. */
  readonly wait: () => number
}

/** Lets passes follow one another while there is something to do, and sleeps until there is, or until it is woken. */
export class Waking {
  readonly #parts: WakingParts
  #timer: Timer | undefined
  #awake = false
  #looping: Promise<void> | undefined

  constructor(parts: WakingParts) {
    this.#parts = parts
  }

  wake(): void {
    this.#awake = true
    if (this.#parts.stopping.aborted) return
    this.#looping ??= this.#loop().finally(() => {
      this.#looping = undefined
      // Woken in the moment between the last look and now.
      if (this.#awake) this.wake()
    })
  }

  /** Resolves when the pass that runs, if one does, has ended. Nothing wakes after `stopping`. */
  async end(): Promise<void> {
    this.#timer?.clear()
    await this.#looping
  }

  async #loop(): Promise<void> {
    const { clock, log, stopping } = this.#parts
    let wait = 0
    while (this.#awake && !stopping.aborted) {
      this.#awake = false
      this.#timer?.clear()
      try {
        wait = (await this.#parts.pass()) ? 0 : this.#parts.wait()
        if (wait === 0) this.#awake = true
      } catch (error) {
        if (stopping.aborted) return
        const retryAfter = isHoldfastError(error) ? error.context.retryAfter : undefined
        wait = typeof retryAfter === 'number' ? retryAfter : backoff(1)
        log.debug({ cause: messageOf(error), wait }, 'the eraser waits')
      }
    }
    if (!stopping.aborted) this.#timer = clock.timer(wait, () => this.wake())
  }
}
