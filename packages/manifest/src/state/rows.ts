import { type HoldfastError, hasCode } from '@holdfast/core'
import type { ByteReader, ByteWriter } from '../format/bytes.ts'
import { after, isReplicated } from '../format/rows.ts'
import type { Seal } from '../format/seal.ts'
import type { KeyValue, Writer } from '../store/key-value.ts'
import { RunningDigest } from './running-digest.ts'

export interface SoundOptions {
  readonly skip?: ((row: Buffer) => boolean) | undefined
  readonly damaged: (row: Buffer, error: HoldfastError) => void
}

/**
 * Sealed rows over the engine. Inside a transaction it also writes, keeps the running digest, and can take back what
 * a batch wrote: a strict batch that fails must leave nothing behind while the rest of the transaction goes on.
 */
export class Rows {
  readonly #store: KeyValue
  readonly #seal: Seal
  #writer: Writer | undefined
  #undo: (() => void)[] | undefined
  readonly #digest = new RunningDigest()
  /** Another one after every transaction. */
  version = 0

  constructor(store: KeyValue, seal: Seal) {
    this.#store = store
    this.#seal = seal
  }

  get digest(): bigint {
    return this.#digest.value
  }

  set digest(value: bigint) {
    this.#digest.value = value
  }

  get<T>(row: Buffer, read: (payload: ByteReader) => T): T | undefined {
    return this.#store.look(row, (value) => read(this.#seal.open(row, value)))
  }

  has(row: Buffer): boolean {
    return this.#store.look(row, () => true) ?? false
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

  /**
   * What `read` makes of those of at most `limit` rows that can be read; `damaged` hears of the others, and those to `skip`
   * are not looked at. `next`: where to go on, if there may be more.
   */
  sound<T>(
    { from, to, limit }: { readonly from: Buffer; readonly to: Buffer; readonly limit: number },
    read: (payload: ByteReader, row: Buffer) => T,
    { skip, damaged }: SoundOptions,
  ): { readonly items: T[]; readonly next: Buffer | undefined } {
    const items: T[] = []
    const errors: [Buffer, HoldfastError][] = []
    const names = this.#store.map({ from, to, limit }, ({ key, value }) => {
      if (skip?.(key)) return key
      try {
        items.push(read(this.#seal.open(key, value), key))
      } catch (error) {
        if (!hasCode(error, 'HF_MANIFEST_CORRUPT')) throw error
        errors.push([key, error])
      }
      return key
    })
    // Not before: no other look is taken while a value is lent.
    for (const [row, error] of errors) damaged(row, error)
    const last = names.length < limit ? undefined : names.at(-1)
    return { items, next: last && after(last) }
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
      this.version++
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

  /** Whether changes may be taken back, so that it has to be known how. */
  get attempting(): boolean {
    return this.#undo !== undefined
  }

  /** Whether a transaction is going on. */
  get writing(): boolean {
    return this.#writer !== undefined
  }

  put(row: Buffer, write: (payload: ByteWriter) => void): void {
    this.#uncount(row)
    this.insert(row, write)
  }

  /** As `put`, for a row of which the caller knows that it is not there: saves the look. */
  insert(row: Buffer, write: (payload: ByteWriter) => void): void {
    write(this.draft().raw(row))
    this.insertDraft(row.length)
  }

  /** Where the name of a row is written, and behind it its payload: the next one for `insertDraft`. */
  draft(): ByteWriter {
    return this.#seal.draft.reset()
  }

  /** As `insert`, of the draft, whose name has so many bytes: rows that come by the thousand need no buffers so. */
  insertDraft(name: number): void {
    const { row, value } = this.#seal.closeDraft(name)
    this.#writing.put(row, value)
    this.#count(row, value)
  }

  /** As `insertDraft`, unless the row is there: then nothing changes, and the result is false. As cheap. */
  insertDraftIfAbsent(name: number): boolean {
    const { row, value } = this.#seal.closeDraft(name)
    if (!this.#writing.insert(row, value)) return false
    this.#count(row, value)
    return true
  }

  /** As `put`, of the draft, which has so many bytes yet, all of them its name: `insertDraft` comes next. */
  replaceDraft(name: number): void {
    this.#uncount(this.#seal.draft.head(name))
  }

  /** False when it was not there. */
  remove(row: Buffer): boolean {
    return this.#uncount(row) && this.#writing.remove(row)
  }

  /** As `remove`, of the row that has the draft for its name. */
  removeDraft(): boolean {
    return this.remove(this.#seal.draft.head())
  }

  get #writing(): Writer {
    if (!this.#writer) throw new TypeError('rows are written inside a transaction only')
    return this.#writer
  }

  /** After a row was written where none was. */
  #count(row: Buffer, value: Uint8Array): void {
    this.#undo?.push(this.#removal(Buffer.from(row), Buffer.from(value)))
    if (isReplicated(row)) this.#digest.add(value)
  }

  /** Before a row is overwritten or removed. False when it is not there; this node's own rows are not even looked for. */
  #uncount(row: Buffer): boolean {
    // Outside a transaction it is the write that comes next that refuses.
    if (!this.#writer || (!this.#undo && !isReplicated(row))) return true
    const isThere = this.#store.look(row, (value) => {
      this.#undo?.push(this.#return(Buffer.from(row), Buffer.from(value)))
      if (isReplicated(row)) this.#digest.subtract(value)
      return true
    })
    return isThere ?? false
  }

  // Apart from those above, where they would cost each row something even if nothing can be taken back.

  #removal(row: Buffer, value: Buffer): () => void {
    return () => {
      this.#writing.remove(row)
      if (isReplicated(row)) this.#digest.subtract(value)
    }
  }

  #return(row: Buffer, value: Buffer): () => void {
    return () => {
      this.#writing.put(row, value)
      if (isReplicated(row)) this.#digest.add(value)
    }
  }
}
