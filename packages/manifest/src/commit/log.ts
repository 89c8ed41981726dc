import { HoldfastError, LOG_START, type LogRecord, logGap, type Position } from '@holdfast/core'
import { asBuffer, type ByteReader, corrupt, newer } from '../format/bytes.ts'
import { type Recorded, readRecord } from '../format/record.ts'
import { indexOfLogRow, logRow, named, TABLE } from '../format/rows.ts'
import type { Seal } from '../format/seal.ts'
import type { Head } from '../state/head.ts'
import type { Rows } from '../state/rows.ts'

/** Term of every record of an embedded log: it has one leader, this process. */
export const EMBEDDED_TERM = 1

/** Bytes of records that a tap reads at once. */
const TAP_BYTES = 1024 * 1024

const LOG = named(TABLE.node, 'log')
/** Format of the log's own row. */
const VERSION = 1

/** The last record that was truncated: the rest of the log still shows that it goes on from there. */
interface Anchor {
  readonly position: Position
  /** XXH64 of its bytes. */
  readonly sum: bigint
}

interface LogRow extends Anchor {
  readonly id: string
}

export interface PageLimits {
  readonly maxRecords: number
  /** Of all records together; one is given whatever its size. */
  readonly maxBytes: number
}

/**
 * The log inside the manifest's own store, as rows: a record and what it does to the state are one transaction.
 * Everything here is one synchronous step; the contract of a log stands on it.
 */
export class EmbeddedLog {
  readonly #rows: Rows
  readonly #seal: Seal

  constructor(rows: Rows, seal: Seal) {
    this.#rows = rows
    this.#seal = seal
  }

  /** Inside a transaction: gives a new log its id. */
  begin(id: string): void {
    if (!this.#row()) this.#put({ id, position: LOG_START, sum: 0n })
  }

  get id(): string {
    return this.#known().id
  }

  /** Appends inside the current transaction and gives the sum that chains the next record to this one. */
  append({ term, index }: Position, record: Uint8Array): bigint {
    this.#rows.insert(logRow(index), (payload) => void payload.varint(term).raw(record))
    return this.#seal.sum(record)
  }

  head(): Position {
    const floor = this.floor()
    const [last] = this.#rows.names(logRow(floor.index + 1), END, 1, true)
    return last ? this.#at(indexOfLogRow(last)).position : floor
  }

  floor(): Position {
    return this.#row()?.position ?? LOG_START
  }

  termAt(index: number): number | undefined {
    const floor = this.floor()
    if (index === floor.index) return floor.term
    return index > floor.index ? this.#find(index)?.position.term : undefined
  }

  /** Records behind an index that is not below the floor, oldest first. */
  page(after: number, { maxRecords, maxBytes }: PageLimits): LogRecord[] {
    const records: LogRecord[] = []
    for (let bytes = 0; records.length < maxRecords; ) {
      const next = this.#find(after + records.length + 1)
      bytes += next?.bytes.length ?? 0
      if (!next || (records.length > 0 && bytes > maxBytes)) break
      records.push(next)
    }
    return records
  }

  /** For taps: the records behind a position, read. @throws HF_LOG_GAP */
  behind(position: Position, { limit }: { readonly limit: number }) {
    const floor = this.floor()
    if (position.index < floor.index) throw logGap(position, floor)
    return this.page(position.index, { maxRecords: limit, maxBytes: TAP_BYTES }).map((found) => ({
      position: found.position,
      record: readRecord(asBuffer(found.bytes)),
    }))
  }

  /** The record at an index, read. */
  record(index: number): { readonly position: Position; readonly record: Recorded } | undefined {
    const found = this.#find(index)
    return found && { position: found.position, record: readRecord(found.bytes) }
  }

  /**
   * Inside a transaction: removes the oldest records, up to and with an index, at most `limit` of them. The last of them is the
   * new floor, which is durable exactly if they are gone.
   */
  cut(upTo: number, limit: number): void {
    const known = this.#known()
    const from = known.position.index + 1
    const last = Math.min(upTo, known.position.index + limit)
    if (last < from) return
    const { position, bytes } = this.#at(last)
    for (let index = from; index <= last; index++) this.#rows.remove(logRow(index))
    this.#put({ ...known, position, sum: this.#seal.sum(bytes) })
  }

  /**
   * Makes sure that the log ends in the record that the state was made of.
   * @throws HF_LOG_DIVERGED
   */
  checkChain(head: Head): void {
    const { position, sum } = this.#row() ?? { position: LOG_START, sum: 0n }
    const last = head.index > position.index ? this.#find(head.index) : undefined
    const found = last ? this.#seal.sum(last.bytes) : head.index === position.index ? sum : undefined
    if (found === head.record && !this.#rows.has(logRow(head.index + 1))) return
    throw new HoldfastError(
      'HF_LOG_DIVERGED',
      `the log does not end in the record ${head.index} that the state was made of`,
      { context: { index: head.index, floor: position, found: this.head() } },
    )
  }

  #find(index: number): { readonly position: Position; readonly bytes: Buffer } | undefined {
    return this.#rows.get(logRow(index), (payload) => ({
      position: { term: payload.varint(), index },
      bytes: Buffer.from(payload.rest()),
    }))
  }

  #at(index: number) {
    const found = this.#find(index)
    if (!found) throw corrupt(`no record ${index} in its log`, { index })
    return found
  }

  #row(): LogRow | undefined {
    return this.#rows.get(LOG, read)
  }

  #known(): LogRow {
    const row = this.#row()
    if (!row) throw corrupt('a log without an id')
    return row
  }

  #put({ id, position: { term, index }, sum }: LogRow): void {
    this.#rows.put(LOG, (payload) => void payload.u8(VERSION).text(id).varint(term).varint(index).u64(sum))
  }
}

const END = logRow(Number.MAX_SAFE_INTEGER)

function read(reader: ByteReader): LogRow {
  const version = reader.u8()
  if (version !== VERSION) throw newer("the log's own row", version)
  return {
    id: reader.text(),
    position: { term: reader.varint(), index: reader.varint() },
    sum: reader.u64(),
  }
}
