import {
  type CallOptions,
  type Clock,
  HoldfastError,
  LOG_START,
  type Log,
  type LogAppendOptions,
  type LogReadOptions,
  type LogRecord,
  logConflict,
  logDiverged,
  logGap,
  type Position,
  recordTooLarge,
  sleep,
} from '@holdfast/core'

export interface MemoryLogOptions {
  /** Default 1 MiB. */
  readonly maxRecordBytes?: number
}

/** A log in this process that several nodes share, with the faults of a real one on demand. It obeys every law of `Log`. */
export function memoryLog(options: MemoryLogOptions = {}): MemoryLog {
  return new MemoryLog(options)
}

type LogCall = 'append' | 'read' | 'head' | 'floor' | 'termAt' | 'truncate'

/** What the log itself holds, and the levers of a test. Nodes get what `connect` gives. */
export class MemoryLog {
  readonly maxRecordBytes: number
  #id = newId()
  #term = 1
  #records: LogRecord[] = []
  #floor: Position = LOG_START
  readonly #away = new Map<string, number>()
  readonly #delays = new Map<string, { readonly ms: number; readonly clock: Clock }>()
  #lost = 0
  #failing = 0
  #changes = 0
  readonly #waiting = new Set<() => void>()

  constructor({ maxRecordBytes = 1024 * 1024 }: MemoryLogOptions = {}) {
    this.maxRecordBytes = maxRecordBytes
  }

  /** A client, by the name under which the levers know it. */
  connect(client = 'client'): Log {
    return new MemoryLogClient(this, client)
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

  /** The network between a client and the log is cut, until the result is disposed of. */
  partition(client: string): Disposable {
    this.#away.set(client, (this.#away.get(client) ?? 0) + 1)
    this.#wake()
    return { [Symbol.dispose]: () => void this.#away.set(client, (this.#away.get(client) ?? 1) - 1) }
  }

  /** Every call of a client takes this long (ms on the clock) to arrive, until the result is disposed of. */
  delay(client: string, ms: number, clock: Clock): Disposable {
    this.#delays.set(client, { ms, clock })
    return { [Symbol.dispose]: () => void this.#delays.delete(client) }
  }

  /** The next appends are done, and their answers get lost: HF_COMMIT_UNKNOWN. */
  loseAnswers(count = 1): void {
    this.#lost += count
  }

  /** The next appends are not done, and say so: HF_LOG_UNAVAILABLE. */
  failAppends(count = 1): void {
    this.#failing += count
  }

  /** Another leader: what is appended from now on has the next term. */
  changeLeader(): void {
    this.#term++
  }

  /** Truncates, as somebody else would. */
  truncate(upTo: Position): void {
    if (upTo.index <= this.#floor.index) return
    this.mustKnow(upTo)
    this.#records = this.#records.filter(({ position }) => position.index > upTo.index)
    this.#floor = upTo
    this.#wake()
  }

  /** The log goes back in time: the newest records are gone, as after a restore from a copy. Never below the floor. */
  dropNewest(count: number): void {
    this.#records = this.#records.slice(0, Math.max(0, this.#records.length - count))
    this.#wake()
  }

  /** Empties the log and gives it another id. */
  recreate(): void {
    this.#id = newId()
    this.#records = []
    this.#floor = LOG_START
    this.#term = 1
    this.#wake()
  }

  // What follows is for clients.

  /** Brings a call to the log, or says that it cannot be reached. */
  async reach(client: string, call: LogCall, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    const delay = this.#delays.get(client)
    if (delay) await sleep(delay.clock, delay.ms, signal)
    this.mustReach(client, call)
  }

  mustReach(client: string, call: LogCall): void {
    if ((this.#away.get(client) ?? 0) > 0) throw unavailable(client, call)
  }

  append(client: string, bytes: Uint8Array, expected: Position): Position {
    if (bytes.length > this.maxRecordBytes) throw recordTooLarge(bytes.length, this.maxRecordBytes)
    if (this.#failing > 0) {
      this.#failing--
      throw unavailable(client, 'append')
    }
    const { head } = this
    if (!isSame(expected, head)) throw logConflict(expected, head)
    const position = { term: Math.max(this.#term, head.term), index: head.index + 1 }
    this.#records.push({ position, bytes: bytes.slice() })
    this.#wake()
    if (this.#lost > 0) {
      this.#lost--
      throw new HoldfastError('HF_COMMIT_UNKNOWN', 'the answer to an append was lost', {
        operation: 'log.append',
        context: { expectedHead: expected },
      })
    }
    return position
  }

  /** One page behind a position. */
  page(after: Position, { maxRecords = 100, maxBytes = 1024 * 1024 }: LogReadOptions): LogRecord[] {
    if (after.index < this.#floor.index) throw logGap(after, this.#floor)
    this.mustKnow(after)
    const page: LogRecord[] = []
    let bytes = 0
    for (const record of this.#records.slice(after.index - this.#floor.index)) {
      bytes += record.bytes.length
      if (page.length >= maxRecords || (page.length > 0 && bytes > maxBytes)) break
      page.push({ position: record.position, bytes: record.bytes.slice() })
    }
    return page
  }

  termAt(index: number): number | undefined {
    if (index === this.#floor.index) return this.#floor.term
    return this.#records[index - this.#floor.index - 1]?.position.term
  }

  mustKnow(position: Position): void {
    if (this.termAt(position.index) !== position.term) throw logDiverged(position, { head: this.head })
  }

  /** How often anything has changed. */
  get changes(): number {
    return this.#changes
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

  #wake(): void {
    this.#changes++
    for (const wake of this.#waiting) wake()
  }
}

class MemoryLogClient implements Log {
  readonly #log: MemoryLog
  readonly #name: string

  constructor(log: MemoryLog, name: string) {
    this.#log = log
    this.#name = name
  }

  get id(): string {
    return this.#log.id
  }

  get capabilities() {
    return { maxRecordBytes: this.#log.maxRecordBytes, transactional: false }
  }

  async append(bytes: Uint8Array, { expectedHead, signal }: LogAppendOptions): Promise<Position> {
    await this.#log.reach(this.#name, 'append', signal)
    return this.#log.append(this.#name, bytes, expectedHead)
  }

  async *read(after: Position, options: LogReadOptions = {}): AsyncGenerator<readonly LogRecord[], void> {
    await this.#log.reach(this.#name, 'read', options.signal)
    const upTo = this.#log.head.index
    for (let from = after; ; ) {
      const page = this.#log.page(from, options)
      const last = page.at(-1)
      if (!last) return
      yield page
      if (last.position.index >= upTo) return
      from = last.position
      await this.#log.reach(this.#name, 'read', options.signal)
    }
  }

  async *follow(after: Position, { signal }: CallOptions = {}): AsyncGenerator<readonly LogRecord[], void> {
    const { id } = this
    for (let from = after; ; ) {
      const { changes } = this.#log
      await this.#log.reach(this.#name, 'read', signal)
      if (this.id !== id) throw logDiverged(from, { id, found: this.id })
      const page = this.#log.page(from, {})
      const last = page.at(-1)
      if (last) yield page
      else await this.#log.changeAfter(changes, signal)
      from = last?.position ?? from
    }
  }

  async head({ signal }: CallOptions = {}): Promise<Position> {
    await this.#log.reach(this.#name, 'head', signal)
    return this.#log.head
  }

  async floor({ signal }: CallOptions = {}): Promise<Position> {
    await this.#log.reach(this.#name, 'floor', signal)
    return this.#log.floor
  }

  async termAt(index: number, { signal }: CallOptions = {}): Promise<number | undefined> {
    await this.#log.reach(this.#name, 'termAt', signal)
    return this.#log.termAt(index)
  }

  async truncate(upTo: Position, { signal }: CallOptions = {}): Promise<void> {
    await this.#log.reach(this.#name, 'truncate', signal)
    this.#log.truncate(upTo)
  }
}

function newId(): string {
  return `memory-${crypto.randomUUID()}`
}

function unavailable(client: string, call: LogCall): HoldfastError {
  return new HoldfastError('HF_LOG_UNAVAILABLE', `${client} cannot reach the log`, {
    operation: `log.${call}`,
    context: { client },
  })
}

function isSame(a: Position, b: Position): boolean {
  return a.term === b.term && a.index === b.index
}
