import {
  type CallOptions,
  type FailpointRegistry,
  HoldfastError,
  type Log,
  type LogReadOptions,
  type LogRecord,
  logDiverged,
  logGap,
  type Position,
} from '@holdfast/core'
import type { EmbeddedLog } from '../commit/log.ts'

/** What a page holds unless the reader says otherwise: reading one blocks the process. */
const PAGE_RECORDS = 1000
const PAGE_BYTES = 1024 * 1024
/** Records that one transaction removes: it blocks the process, and the commits that wait for it. */
const CUT = 100

/** Largest record. A batch of the most ops with the longest names and metadata is below 10 MiB. */
export const MAX_RECORD_BYTES = 16 * 1024 * 1024

export interface LogReaderParts {
  readonly rows: EmbeddedLog
  readonly failpoints: FailpointRegistry
  /** Runs a change in a transaction of the store; resolves when it is durable. */
  readonly transact: (change: () => void) => Promise<void>
  /** Calls the listener after every transaction, until the result is called. */
  readonly onCommitted: (listener: () => void) => () => void
}

/**
 * The contract of a log over the rows of the embedded one, without `append`: inside a manifest only the committer
 * appends, together with what the record does to the state.
 */
export class LogReader implements Omit<Log, 'append'> {
  readonly capabilities = { maxRecordBytes: MAX_RECORD_BYTES, transactional: true }
  readonly #parts: LogReaderParts
  /** Followers that wait for the next record. */
  readonly #waiting = new Set<() => void>()
  readonly #unlisten: () => void
  #ended = false

  constructor(parts: LogReaderParts) {
    this.#parts = parts
    this.#unlisten = parts.onCommitted(() => this.#wake())
  }

  get id(): string {
    return this.#rows().id
  }

  async head({ signal }: CallOptions = {}): Promise<Position> {
    return this.#rows(signal).head()
  }

  async floor({ signal }: CallOptions = {}): Promise<Position> {
    return this.#rows(signal).floor()
  }

  async termAt(index: number, { signal }: CallOptions = {}): Promise<number | undefined> {
    return this.#rows(signal).termAt(index)
  }

  async *read(after: Position, options: LogReadOptions = {}): AsyncGenerator<readonly LogRecord[], void> {
    const upTo = this.#rows(options.signal).head()
    for (let from = after; ; ) {
      const page = this.#page(from, options)
      const last = page.at(-1)
      if (!last) return
      yield page
      if (last.position.index >= upTo.index) return
      from = last.position
    }
  }

  async *follow(after: Position, { signal }: CallOptions = {}): AsyncGenerator<readonly LogRecord[], void> {
    for (let from = after; ; ) {
      const page = this.#page(from, signal ? { signal } : {})
      const last = page.at(-1)
      if (last) yield page
      else await this.#nextCommit(signal)
      from = last?.position ?? from
    }
  }

  async truncate(upTo: Position, { signal }: CallOptions = {}): Promise<void> {
    if (upTo.index > this.#rows(signal).floor().index) this.#mustKnow(upTo)
    const { transact, failpoints } = this.#parts
    while (this.#rows(signal).floor().index < upTo.index) {
      if (failpoints.armed) await failpoints.hit('log.truncate.before')
      await transact(() => this.#rows().cut(upTo.index, CUT))
      if (failpoints.armed) await failpoints.hit('log.truncate.after')
    }
  }

  /** Ends what still waits. Before the store is closed. */
  end(): void {
    this.#ended = true
    this.#unlisten()
    this.#wake()
  }

  #page(after: Position, { maxRecords, maxBytes, signal }: LogReadOptions): LogRecord[] {
    const rows = this.#rows(signal)
    const floor = rows.floor()
    if (after.index < floor.index) throw logGap(after, floor)
    this.#mustKnow(after)
    return rows.page(after.index, {
      maxRecords: maxRecords ?? PAGE_RECORDS,
      maxBytes: maxBytes ?? PAGE_BYTES,
    })
  }

  #mustKnow(position: Position): void {
    const rows = this.#rows()
    const term = rows.termAt(position.index)
    if (term !== position.term) throw logDiverged(position, { term, head: rows.head() })
  }

  async #nextCommit(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = () => resolve()
    this.#waiting.add(wake)
    signal?.addEventListener('abort', wake, { once: true })
    await promise
    this.#waiting.delete(wake)
    signal?.removeEventListener('abort', wake)
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
  }

  #rows(signal?: AbortSignal): EmbeddedLog {
    signal?.throwIfAborted()
    if (this.#ended) throw new HoldfastError('HF_STOPPED', 'the log is closed: the node was stopped')
    return this.#parts.rows
  }
}
