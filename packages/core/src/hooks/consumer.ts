import { backoff } from '../backoff.ts'
import type { Clock, Timer } from '../clock.ts'
import type { Secrets } from '../config/secrets.ts'
import { messageOf } from '../errors.ts'
import { frozen } from '../frozen.ts'
import type { Logger } from '../log.ts'
import type { BatchSource, ConsumerRow, Cursor, DurableHook, HookEvents } from './consumers.ts'
import type { CursorSaver } from './cursor-saver.ts'
import { untilReset } from './floor.ts'
import type { ConsumerState, ConsumerStatus } from './status.ts'
import type { Tap } from './tap.ts'

/** Events of one read. */
const PAGE = 100
/** Events after which others get a turn: a tap that never waits would keep commits from theirs. */
const TURN = 64
/** A page that is older than this is read anew, ms: what it says about the present is not true for ever. */
const FRESH_MS = 1000
const LONGEST_WAIT_MS = backoff(Number.POSITIVE_INFINITY)

export interface ConsumerParts {
  readonly source: BatchSource
  readonly saver: CursorSaver
  readonly clock: Clock
  readonly log: Logger
  readonly secrets: Secrets
  /** Aborted when the node stops. */
  readonly stopping: AbortSignal
}

/**
 * The delivery of one tap, from its own cursor and at its own pace: one event at a time, in log order, the next only
 * when the tap has resolved. An event that failed is tried again until it is done; nothing is ever left out.
 */
export class Consumer<H extends DurableHook> {
  readonly hook: H
  readonly #tap: Tap<HookEvents[H], void>
  readonly #parts: ConsumerParts
  #cursor: Cursor
  #failure: ConsumerRow['failure']
  /** Runs until the next try. */
  #timer: Timer | undefined
  #running: Promise<void> | undefined
  /** Woken while it ran. */
  #again = false
  /** Will be woken when the call that hangs has ended. */
  #held = false

  constructor(
    hook: H,
    tap: Tap<HookEvents[H], void>,
    { cursor, failure }: ConsumerRow,
    parts: ConsumerParts,
  ) {
    this.hook = hook
    this.#tap = tap
    this.#parts = parts
    this.#cursor = cursor
    this.#failure = failure
  }

  get plugin(): string {
    return this.#tap.plugin
  }

  /** Begins where the last run of the node ended, also in the middle of a wait for the next try. */
  begin(): void {
    if (this.#failure) this.#wait(this.#failure.nextTry - this.#parts.clock.now())
    else this.wake()
  }

  /** There may be something to deliver. Returns at once. */
  wake(): void {
    if (this.#parts.stopping.aborted || this.#timer || this.#held) return
    if (this.#running) this.#again = true
    else if (this.#tap.hangingFor !== undefined) this.#hold()
    else
      this.#running = this.#deliver().finally(() => {
        this.#running = undefined
        if (this.#again) this.wake()
      })
  }

  #hold(): void {
    this.#held = true
    this.#tap.onceFree(() => {
      this.#held = false
      this.wake()
    })
  }

  /** Tries a failed event now; false if nothing waits. */
  retry(): boolean {
    if (!this.#timer || this.#tap.hangingFor !== undefined) return false
    this.#endWait()
    this.wake()
    return true
  }

  /** Resolves when it has nothing to do, or waits for a next try. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running
  }

  /** After `stopping` was aborted: resolves when the call that runs has ended. */
  end(): Promise<void> {
    this.#endWait()
    return this.idle()
  }

  row(): ConsumerRow {
    const { hook, plugin } = this
    return { hook, plugin, cursor: this.#cursor, ...(this.#failure && { failure: this.#failure }) }
  }

  /** @param ceiling records that it may be behind */
  status(head: number, ceiling: number | undefined): ConsumerStatus {
    const { hook, plugin } = this
    const { hangingFor } = this.#tap
    const lag = head - this.#cursor.position.index
    return {
      hook,
      plugin,
      state: this.#state(hangingFor !== undefined),
      cursor: this.#cursor,
      lag,
      ...untilReset(hook, lag, ceiling),
      attempts: this.#failure?.attempts ?? 0,
      ...(this.#failure && { lastError: this.#failure.message }),
      ...(this.#timer && this.#failure && { nextTry: this.#failure.nextTry }),
      ...(hangingFor !== undefined && { hangingSince: Math.round(this.#parts.clock.now() - hangingFor) }),
    }
  }

  #state(hangs: boolean): ConsumerState {
    if (hangs) return 'hanging'
    if (this.#timer) return 'failing'
    return this.#running ? 'delivering' : 'idle'
  }

  async #deliver(): Promise<void> {
    const { source, clock, stopping } = this.#parts
    try {
      for (let sinceTurn = 0; !stopping.aborted; ) {
        // Also at the start: whoever wakes us, a commit above all, goes on first.
        await turn()
        this.#again = false
        const readAt = clock.monotonic()
        const page = await source.read(this.hook, this.#cursor, { limit: PAGE, signal: stopping })
        let stale = false
        for (const { event, after } of page.events) {
          // The tap cannot change what others get, nor the cursor, which may share its position.
          await this.#tap.call(frozen(event), stopping)
          this.#moveTo(after)
          stale = clock.monotonic() - readAt > FRESH_MS
          if (stopping.aborted || stale) break
          if (++sinceTurn % TURN === 0) await turn()
        }
        if (stale || stopping.aborted) continue
        if (isSame(page.upTo, this.#cursor) && page.events.length === 0) return
        if (!isSame(page.upTo, this.#cursor)) this.#moveTo(page.upTo)
      }
    } catch (error) {
      // The event behind the cursor is what failed; after a stop it is delivered by the next run of the node.
      if (!stopping.aborted) this.#failed(error)
    }
  }

  #moveTo(cursor: Cursor): void {
    this.#cursor = cursor
    this.#failure = undefined
    this.#parts.saver.touch(this)
  }

  #failed(error: unknown): void {
    const { clock, log, saver, secrets } = this.#parts
    const { hook, plugin } = this
    const message = secrets.mask(messageOf(error))
    const attempts = (this.#failure?.attempts ?? 0) + 1
    const at = clock.now()
    const wait = backoff(attempts)
    this.#failure = { message, attempts, at, nextTry: at + wait }
    log.warn({ hook, plugin, attempts, wait, cause: message }, 'an event could not be delivered')
    saver.touch(this)
    this.#wait(wait)
  }

  /** A clock that was set back must not make it wait longer than any backoff. */
  #wait(ms: number): void {
    this.#timer = this.#parts.clock.timer(Math.min(Math.max(0, ms), LONGEST_WAIT_MS), () => {
      this.#endWait()
      this.wake()
    })
  }

  #endWait(): void {
    this.#timer?.clear()
    this.#timer = undefined
  }
}

/** Lets everything else that is ready run. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function isSame(a: Cursor, b: Cursor): boolean {
  return a.position.index === b.position.index && a.done === b.done
}
