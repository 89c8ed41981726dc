import {
  type Clock,
  type FloorProvider,
  floorOf,
  HoldfastError,
  isHoldfastError,
  lowestFloor,
  messageOf,
  type Timer,
} from '@holdfast/core'
import type { Opened } from '../opened.ts'

/** How often the log is looked at, ms. */
const LOOK_EVERY_MS = 10_000
/** Records between two questions for the floors. */
const STEP = 100

export interface TruncationParts {
  readonly opened: () => Opened
  readonly clock: Clock
  /** Records that are kept whoever needs them. */
  readonly keep: number
  /** Records that a tap of `onManifestBatch` may hold back. */
  readonly ceiling: number
  /** Whose needs are asked beside those of the taps. */
  readonly floors?: readonly FloorProvider[]
}

/**
 * Removes the records that nobody needs, a few at a time and off the path of commits. Who needs what is asked anew
 * before each step; a floor that cannot be told stops everything.
 */
export class Truncation {
  readonly #parts: TruncationParts
  readonly #stopping = new AbortController()
  readonly #floors: readonly FloorProvider[]
  #timer: Timer | undefined
  /** Passes run one after the other, whoever asked for them. */
  #turn: Promise<void> = Promise.resolve()
  /** Said once, until it is over. */
  #blocked: string | undefined

  constructor(parts: TruncationParts) {
    this.#parts = parts
    this.#floors = [
      {
        name: 'taps of onManifestBatch',
        floor: () => {
          const { events, state } = this.#parts.opened()
          return floorOf(events.consumers.all(), state.head, this.#parts.ceiling)
        },
      },
      ...(parts.floors ?? []),
    ]
  }

  begin(): void {
    if (this.#stopping.signal.aborted) return
    this.#timer = this.#parts.clock.timer(LOOK_EVERY_MS, () => {
      void this.run().then(() => this.begin())
    })
  }

  /** Removes what nobody needs now. A failure is logged: the next pass tries again. */
  run(): Promise<void> {
    this.#turn = this.#turn.then(() => this.#pass())
    return this.#turn
  }

  async end(): Promise<void> {
    this.#stopping.abort(new HoldfastError('HF_STOPPED', 'the node is stopping', { kind: 'aborted' }))
    this.#timer?.clear()
    await this.#turn
  }

  async #pass(): Promise<void> {
    const { signal } = this.#stopping
    const { log, reader, events, committer } = this.#parts.opened()
    try {
      for (let step = await this.#step(); step !== undefined; step = await this.#step()) {
        await reader.truncate(step, { signal })
        // What is kept beside the log for the records that are gone.
        for (let more = events.canTrim(); more && !signal.aborted; )
          await committer.local(() => {
            more = events.trim()
          })
      }
    } catch (error) {
      if (signal.aborted) return
      const code = isHoldfastError(error) ? error.code : undefined
      log.warn({ code, cause: messageOf(error) }, 'the log could not be truncated')
    }
  }

  /** Up to where the next step goes; undefined when everything that is left is needed. */
  async #step() {
    const { signal } = this.#stopping
    signal.throwIfAborted()
    const { log, state, records } = this.#parts.opened()
    const floor = records.floor().index
    const surplus = state.head.index - this.#parts.keep
    if (surplus <= floor) return undefined
    const needed = await lowestFloor(this.#floors, { signal })
    const why = needed.kind === 'unknown' ? needed.reason : undefined
    if (why !== undefined && why !== this.#blocked)
      log.warn({ reason: why }, 'the log is not truncated: it is not known what is needed of it')
    this.#blocked = why
    if (needed.kind === 'unknown') return undefined
    const index = Math.min(
      surplus,
      floor + STEP,
      needed.kind === 'at' ? needed.position.index : Number.POSITIVE_INFINITY,
    )
    const term = records.termAt(index)
    return index > floor && term !== undefined ? { term, index } : undefined
  }
}
