import type { ByteReader, ByteWriter } from '../format/bytes.ts'
import { isReplicated } from '../format/rows.ts'
import { type Seal, sumOf } from '../format/seal.ts'
import type { KeyValue, Writer } from '../store/key-value.ts'

const SUM_RANGE = 64

/**
 * Sealed rows over the engine. Inside a transaction it also writes, keeps the running digest, and can take back what
 * a batch wrote: a strict batch that fails must leave nothing behind while the rest of the transaction goes on.
 */
export class Rows {
  readonly #store: KeyValue
  readonly #seal: Seal
  #writer: Writer | undefined
  #undo: (() => void)[] | undefined
  digest = 0n

  constructor(store: KeyValue, seal: Seal) {
    this.#store = store
    this.#seal = seal
  }

  get<T>(row: Buffer, read: (payload: ByteReader) => T): T | undefined {
    const value = this.#store.get(row)
    return value && read(this.#seal.open(row, value))
  }

  has(row: Buffer): boolean {
    return this.#store.get(row) !== undefined
  }

  /** Names of rows in [from, to). */
  names(from: Buffer, to: Buffer, limit: number, reverse = false): Buffer[] {
    return this.#store.range({ from, to, limit, reverse }).map(({ key }) => key)
  }

  /** The same as text, without their table. */
  texts(from: Buffer, to: Buffer, limit: number): string[] {
    return this.#store.texts({ from, to, limit })
  }

  /** Number of rows in [from, to), at most `limit`. */
  count(from: Buffer, to: Buffer, limit: number): number {
    return this.#store.count({ from, to, limit })
  }

  page<T>(from: Buffer, to: Buffer, limit: number, read: (payload: ByteReader, row: Buffer) => T): T[] {
    return this.#store.map({ from, to, limit }, ({ key, value }) => read(this.#seal.open(key, value), key))
  }

  /** Gives writing to `fn`; the digest goes back when it throws, as the rows do. */
  transaction<T>(fn: () => T): T {
    const before = this.digest
    try {
      return this.#store.transaction((writer) => {
        this.#writer = writer
        return fn()
      })
    } catch (error) {
      this.digest = before
      throw error
    } finally {
      this.#writer = undefined
    }
  }

  /** Runs `fn`; when it gives false, everything that it wrote is taken back. One attempt may be part of another. */
  attempt(fn: () => boolean): boolean {
    const outer = this.#undo
    const undo: (() => void)[] = []
    this.#undo = undo
    let kept: boolean
    try {
      kept = fn()
    } finally {
      this.#undo = undefined
    }
    if (!kept) for (const step of undo.reverse()) step()
    this.#undo = outer
    if (kept && outer) for (const step of undo) outer.push(step)
    return kept
  }

  /** Registers how to take back a change that is kept outside the rows until the end of the transaction. */
  onUndo(step: () => void): void {
    this.#undo?.push(step)
  }

  put(row: Buffer, write: (payload: ByteWriter) => void): void {
    this.#replace(row, this.#store.get(row), this.#seal.close(row, write))
  }

  /** As `put`, for a row of which the caller knows that it is not there: saves the look. */
  insert(row: Buffer, write: (payload: ByteWriter) => void): void {
    this.#replace(row, undefined, this.#seal.close(row, write))
  }

  remove(row: Buffer): void {
    const old = this.#store.get(row)
    if (old) this.#replace(row, old, undefined)
  }

  #replace(row: Buffer, old: Buffer | undefined, value: Buffer | undefined): void {
    const writer = this.#writer
    if (!writer) throw new TypeError('rows are written inside a transaction only')
    if (value) writer.put(row, value)
    else writer.remove(row)
    this.#undo?.push(() => this.#replace(row, value, old))
    if (!isReplicated(row)) return
    const change = (value ? sumOf(value) : 0n) - (old ? sumOf(old) : 0n)
    this.digest = BigInt.asUintN(SUM_RANGE, this.digest + change)
  }
}
