import {
  type CallOptions,
  type Log,
  type LogAppendOptions,
  type LogReadOptions,
  type LogRecord,
  logDiverged,
  type Position,
} from '@holdfast/core'
import type { LogCall, LogFaults } from './faults.ts'
import type { Records } from './records.ts'

/** One node's client of a memory log. */
export class MemoryLogClient implements Log {
  readonly #name: string
  readonly #records: Records
  readonly #faults: LogFaults

  constructor(name: string, records: Records, faults: LogFaults) {
    this.#name = name
    this.#records = records
    this.#faults = faults
  }

  get id(): string {
    return this.#records.id
  }

  get capabilities() {
    return { maxRecordBytes: this.#records.maxRecordBytes, transactional: false }
  }

  async append(bytes: Uint8Array, { expectedHead, signal }: LogAppendOptions): Promise<Position> {
    const records = await this.#reach('append', signal)
    return this.#faults.append(this.#name, expectedHead, () => records.append(bytes, expectedHead))
  }

  async *read(after: Position, options: LogReadOptions = {}): AsyncGenerator<readonly LogRecord[], void> {
    const upTo = (await this.#reach('read', options.signal)).head.index
    for (let from = after; ; ) {
      const page = this.#records.page(from, options)
      const last = page.at(-1)
      if (!last) return
      yield page
      if (last.position.index >= upTo) return
      from = last.position
      await this.#reach('read', options.signal)
    }
  }

  async *follow(after: Position, { signal }: CallOptions = {}): AsyncGenerator<readonly LogRecord[], void> {
    const { id } = this
    for (let from = after; ; ) {
      const { changes } = this.#records
      await this.#reach('read', signal)
      if (this.id !== id) throw logDiverged(from, { id, found: this.id })
      const page = this.#records.page(from, {})
      const last = page.at(-1)
      if (last) yield page
      else await this.#records.changeAfter(changes, signal)
      from = last?.position ?? from
    }
  }

  async head({ signal }: CallOptions = {}): Promise<Position> {
    return (await this.#reach('head', signal)).head
  }

  async floor({ signal }: CallOptions = {}): Promise<Position> {
    return (await this.#reach('floor', signal)).floor
  }

  async termAt(index: number, { signal }: CallOptions = {}): Promise<number | undefined> {
    return (await this.#reach('termAt', signal)).termAt(index)
  }

  async truncate(upTo: Position, { signal }: CallOptions = {}): Promise<void> {
    const records = await this.#reach('truncate', signal)
    records.truncate(upTo)
  }

  async #reach(call: LogCall, signal: AbortSignal | undefined): Promise<Records> {
    await this.#faults.reach(this.#name, call, signal)
    return this.#records
  }
}
