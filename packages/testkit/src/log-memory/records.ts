import {
  LOG_START,
  type LogReadOptions,
  type LogRecord,
  logConflict,
  logDiverged,
  logGap,
  type Position,
  recordTooLarge,
} from '@holdfast/core'

/** What the server of a memory log holds. Every call is one step. */
export class Records {
  readonly maxRecordBytes: number
  #id = newId()
  #term = 1
  #records: LogRecord[] = []
  #floor: Position = LOG_START
  #changes = 0
  readonly #waiting = new Set<() => void>()

  constructor(maxRecordBytes: number) {
    this.maxRecordBytes = maxRecordBytes
  }

  get id(): string {
    return this.#id
  }

  get head(): Position {
    return this.#records.at(-1)?.position ?? this.#floor
  }

  get floor(): Position {
    return this.#floor
  }

  termAt(index: number): number | undefined {
    if (index === this.#floor.index) return this.#floor.term
    return this.#records[index - this.#floor.index - 1]?.position.term
  }

  append(bytes: Uint8Array, expected: Position): Position {
    if (bytes.length > this.maxRecordBytes) throw recordTooLarge(bytes.length, this.maxRecordBytes)
    const { head } = this
    if (expected.term !== head.term || expected.index !== head.index) throw logConflict(expected, head)
    const position = { term: Math.max(this.#term, head.term), index: head.index + 1 }
    this.#records.push({ position, bytes: bytes.slice() })
    this.changed()
    return position
  }

  /** One page behind a position. */
  page(after: Position, { maxRecords = 100, maxBytes = 1024 * 1024 }: LogReadOptions): LogRecord[] {
    if (after.index < this.#floor.index) throw logGap(after, this.#floor)
    this.#mustKnow(after)
    const page: LogRecord[] = []
    let bytes = 0
    for (const record of this.#records.slice(after.index - this.#floor.index)) {
      bytes += record.bytes.length
      if (page.length >= maxRecords || (page.length > 0 && bytes > maxBytes)) break
      page.push({ position: record.position, bytes: record.bytes.slice() })
    }
    return page
  }

  truncate(upTo: Position): void {
    if (upTo.index <= this.#floor.index) return
    this.#mustKnow(upTo)
    this.#records = this.#records.slice(upTo.index - this.#floor.index)
    this.#floor = upTo
    this.changed()
  }

  changeLeader(): void {
    this.#term++
  }

  dropNewest(count: number): void {
    this.#records = this.#records.slice(0, Math.max(0, this.#records.length - count))
    this.changed()
  }

  recreate(): void {
    this.#id = newId()
    this.#records = []
    this.#floor = LOG_START
    this.#term = 1
    this.changed()
  }

  /** How often anything has changed. */
  get changes(): number {
    return this.#changes
  }

  /** Wakes all who wait for a change. */
  changed(): void {
    this.#changes++
    for (const wake of this.#waiting) wake()
  }

  /** Resolves when there have been more changes than these, and when the signal fires. */
  async changeAfter(changes: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#changes > changes || signal?.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = () => resolve()
    this.#waiting.add(wake)
    signal?.addEventListener('abort', wake, { once: true })
    await promise
    this.#waiting.delete(wake)
    signal?.removeEventListener('abort', wake)
  }

  #mustKnow(position: Position): void {
    if (this.termAt(position.index) !== position.term) throw logDiverged(position, { head: this.head })
  }
}

function newId(): string {
  return `memory-${crypto.randomUUID()}`
}
