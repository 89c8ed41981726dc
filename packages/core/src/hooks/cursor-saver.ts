import type { Clock, Timer } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { FailpointRegistry } from '../failpoints.ts'
import type { Logger } from '../log.ts'
import type { BatchSource, ConsumerRow } from './consumers.ts'

/**
 * How long a cursor may be ahead of its row, ms. A crash repeats what was delivered in that time; in return a consumer
 * that is far behind, and one that follows every commit, cost one write a second together.
 */
const SAVE_EVERY_MS = 1000

export interface SaverParts {
  readonly source: BatchSource
  readonly clock: Clock
  readonly log: Logger
  readonly failpoints: FailpointRegistry
}

/** Makes cursors durable, those of all consumers in one write. */
export class CursorSaver {
  readonly #parts: SaverParts
  readonly #changed = new Map<object, () => ConsumerRow>()
  #timer: Timer | undefined
  #ended = false
  /** Writes run one after the other, so that no older row overtakes a newer one. */
  #turn: Promise<void> = Promise.resolve()

  constructor(parts: SaverParts) {
    this.#parts = parts
  }

  /** Writes the consumer's row soon, as it is by then. */
  touch(consumer: { row(): ConsumerRow }): void {
    if (this.#ended) return
    this.#changed.set(consumer, () => consumer.row())
    this.#timer ??= this.#parts.clock.timer(SAVE_EVERY_MS, () => void this.flush())
  }

  /** Writes what has changed. A failure is logged and tried again: delivery does not depend on it. */
  flush(): Promise<void> {
    this.#timer?.clear()
    this.#timer = undefined
    this.#turn = this.#turn.then(() => this.#write())
    return this.#turn
  }

  async #write(): Promise<void> {
    if (this.#changed.size === 0) return
    const { source, clock, log, failpoints } = this.#parts
    const changed = [...this.#changed]
    this.#changed.clear()
    try {
      if (failpoints.armed) await failpoints.hit('hook.cursor.before')
      await source.save(changed.map(([, row]) => row()))
      if (failpoints.armed) await failpoints.hit('hook.cursor.after')
    } catch (error) {
      log.warn({ cause: messageOf(error) }, 'cursors of hooks could not be saved; a crash now repeats more')
      for (const [consumer, row] of changed) this.#changed.set(consumer, row)
      this.#timer ??= clock.timer(SAVE_EVERY_MS, () => void this.flush())
    }
  }

  /** Writes for the last time. A tap that was left behind by a stop changes nothing any more. */
  async end(): Promise<void> {
    await this.flush()
    this.#ended = true
    this.#timer?.clear()
  }
}
