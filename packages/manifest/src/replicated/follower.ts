import {
  type Clock,
  HoldfastError,
  hasCode,
  isHoldfastError,
  type Log,
  type Logger,
  messageOf,
  sleep,
} from '@holdfast/core'
import type { Seal } from '../format/seal.ts'
import { type ChainedRecord, followChain } from '../log/chain.ts'
import type { Head } from '../state/head.ts'
import { withLimit } from '../with-limit.ts'
import { cureOf, logTooSlow } from './log-errors.ts'

/** Wait before a reconnect, ms: doubles from the first to the longest. */
const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 10_000
/** How long a log may take to say that it is there, ms. */
const ANSWER_MS = 30_000

export interface FollowerParts {
  readonly log: Log
  readonly head: () => Head
  readonly seal: Seal
  /** Applies the record that comes next, in one transaction. */
  readonly apply: (record: ChainedRecord) => Promise<void>
  readonly clock: Clock
  readonly logger: Logger
}

interface Waiter {
  readonly index: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Applies what comes in the shared log, record by record, for as long as it is the same log and every record can be
 * applied. A log that cannot be heard is tried again; everything else ends it for this life of the node.
 */
export class Follower {
  readonly #parts: FollowerParts
  readonly #waiters = new Set<Waiter>()
  #connection = new AbortController()
  #pause: AbortController | undefined
  #running: Promise<void> | undefined
  #stopped: HoldfastError | undefined
  #away: unknown
  /** It was asked to connect anew. */
  #again = false
  #ended = false
  #halted = false
  #logId: string

  /** `logId`: of the log that the state was made of. */
  constructor(parts: FollowerParts, logId: string) {
    this.#parts = parts
    this.#logId = logId
  }

  get logId(): string {
    return this.#logId
  }

  /** Applies nothing more until `resume`: another state takes the place of this one. */
  async halt(): Promise<void> {
    this.#halted = true
    const halted = new Error('the state is exchanged')
    this.#connection.abort(halted)
    this.#pause?.abort(halted)
    await this.#running
  }

  /** Goes on from the state as it is now, whatever stopped it before. */
  resume(logId: string): void {
    this.#halted = false
    this.#logId = logId
    this.#stopped = undefined
    this.#resolveWaiters()
    if (!this.#ended) this.#running = this.#loop()
  }

  /** Why no record is applied any more: only a cure and a new start end that. */
  get stopped(): HoldfastError | undefined {
    return this.#stopped
  }

  /** Why the log cannot be heard at the moment. */
  get away(): unknown {
    return this.#away
  }

  begin(): void {
    this.#running ??= this.#loop()
  }

  async end(): Promise<void> {
    this.#ended = true
    const closed = new HoldfastError('HF_STOPPED', 'the manifest is closed: the node was stopped')
    this.#connection.abort(closed)
    this.#pause?.abort(closed)
    this.#rejectAll(closed)
    await this.#running
  }

  /** There may be something to hear: ends a wait for the next try. */
  nudge(): void {
    this.#pause?.abort(new Error('there is news'))
  }

  /** Something does not fit: connects anew, which looks whether it is still the same log. */
  recheck(): void {
    this.#again = true
    this.#connection.abort(new Error('the log is looked at again'))
  }

  /** Resolves when the record of this index is applied. @throws why it will not be; the signal's reason */
  applied(index: number, signal: AbortSignal): Promise<void> {
    if (this.#parts.head().index >= index) return Promise.resolve()
    if (this.#stopped) return Promise.reject(this.#stopped)
    signal.throwIfAborted()
    this.nudge()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiter: Waiter = { index, resolve, reject }
    const onAbort = () => reject(signal.reason)
    this.#waiters.add(waiter)
    signal.addEventListener('abort', onAbort, { once: true })
    return promise.finally(() => {
      this.#waiters.delete(waiter)
      signal.removeEventListener('abort', onAbort)
    })
  }

  async #loop(): Promise<void> {
    const { clock } = this.#parts
    for (let failures = 0; !this.#ended && !this.#halted; ) {
      const before = this.#parts.head().index
      const error = await this.#connect()
      if (this.#ended || this.#halted) return
      if (isFinal(error)) return this.#stop(error)
      failures = this.#parts.head().index > before ? 0 : failures
      if (this.#again) continue
      this.#away = error
      this.#pause = new AbortController()
      const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures++)
      await sleep(clock, wait, this.#pause.signal).catch(() => undefined)
      this.#pause = undefined
    }
  }

  /** Follows until something ends that, and gives what. */
  async #connect(): Promise<unknown> {
    const { log, head, seal, clock } = this.#parts
    const logId = this.#logId
    this.#connection = new AbortController()
    this.#again = false
    const { signal } = this.#connection
    try {
      await withLimit({ clock, limit: ANSWER_MS, signal, late: () => logTooSlow(ANSWER_MS) }, (within) =>
        log.head({ signal: within }),
      )
      this.#away = undefined
      const { term, index, record: sum } = head()
      for await (const page of followChain(log, { logId, position: { term, index }, sum }, seal, { signal }))
        for (const record of page) {
          if (this.#ended || this.#halted) return undefined
          await this.#apply(record)
        }
      return new Error('the log has ended')
    } catch (error) {
      return error
    }
  }

  async #apply(record: ChainedRecord): Promise<void> {
    try {
      await this.#parts.apply(record)
    } catch (error) {
      // A full disk may have room again; anything else would only come back.
      if (hasCode(error, 'HF_NO_SPACE') || hasCode(error, 'HF_STOPPED')) throw error
      throw new ApplyFailed(record.position.index, error)
    }
    this.#resolveWaiters()
  }

  #resolveWaiters(): void {
    const { index } = this.#parts.head()
    for (const waiter of this.#waiters) if (waiter.index <= index) waiter.resolve()
  }

  #stop(error: unknown): void {
    const found = error instanceof ApplyFailed ? error.error : error
    this.#stopped = found as HoldfastError
    const facts = { cause: messageOf(found), cure: cureOf(this.#stopped) }
    this.#parts.logger.error(facts, 'no record of the log is applied any more')
    this.#rejectAll(found)
  }

  #rejectAll(error: unknown): void {
    for (const waiter of this.#waiters) waiter.reject(error)
  }
}

/** A record that is in the log and could not be applied here: from now on this state is another than the log's. */
class ApplyFailed extends Error {
  readonly error: HoldfastError

  constructor(index: number, cause: unknown) {
    super(`record ${index} could not be applied`, { cause })
    this.error = isHoldfastError(cause)
      ? cause
      : new HoldfastError('HF_COMMIT_FAILED', `${this.message}: ${messageOf(cause)}`, {
          operation: 'manifest.apply',
          context: { index },
          cause,
        })
  }
}

const FINAL = ['HF_LOG_DIVERGED', 'HF_LOG_GAP', 'HF_LOG_VERSION', 'HF_MANIFEST_CORRUPT'] as const

function isFinal(error: unknown): boolean {
  return error instanceof ApplyFailed || FINAL.some((code) => hasCode(error, code))
}
