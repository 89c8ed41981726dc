import type { NamespaceCounters, NewEntry } from '@holdfast/core'
import type { ByteReader, ByteWriter } from '../format/bytes.ts'
import { named, nameOf, TABLE } from '../format/rows.ts'
import type { Head } from './head.ts'
import type { Rows } from './rows.ts'
import { plus, readTotal, type Total, writeTotal } from './total.ts'

export interface NamespaceRow {
  /** Stands for the name in the age index, which could not hold it: two long names and a time exceed an LMDB key. */
  readonly number: number
  readonly files: number
  readonly bytes: Total
  readonly rows: Total
  readonly timedFiles: number
  /** No file's maxTime is below this; it may lag behind when the oldest go. */
  readonly oldest?: number | undefined
}
type Changing = { -readonly [K in keyof NamespaceRow]: NamespaceRow[K] }
const NONE = { files: 0, bytes: 0, rows: 0, timedFiles: 0, oldest: undefined }

export function readNamespace(reader: ByteReader): NamespaceRow {
  return {
    number: reader.varint(),
    files: reader.varint(),
    bytes: readTotal(reader),
    rows: readTotal(reader),
    timedFiles: reader.varint(),
    ...(reader.u8() === 1 && { oldest: reader.signed() }),
  }
}

function writeNamespace(writer: ByteWriter, row: NamespaceRow): void {
  writer.varint(row.number).varint(row.files)
  writeTotal(writer, row.bytes)
  writeTotal(writer, row.rows)
  writer.varint(row.timedFiles)
  if (row.oldest === undefined) writer.u8(0)
  else writer.u8(1).signed(row.oldest)
}

export function publicCounters(
  row: Buffer,
  { number: _, oldest, bytes, rows, ...counters }: NamespaceRow,
): NamespaceCounters {
  const totals = { bytes: Number(bytes), rows: Number(rows) }
  return { namespace: nameOf(row), ...counters, ...totals, ...(oldest !== undefined && { oldest }) }
}

/** Numbers and counters of namespaces. Changes are gathered and written once, at the end of a transaction. */
export class Namespaces {
  readonly #rows: Rows
  readonly #changed = new Map<string, Changing>()

  constructor(rows: Rows) {
    this.#rows = rows
  }

  /** Counts a live entry in (+1) or out (-1) and gives the number of its namespace. */
  count({ namespace, size, rows = 0, maxTime }: NewEntry, sign: 1 | -1, head: Head): number {
    const row = this.#toChange(namespace, head)
    row.files += sign
    row.bytes = plus(row.bytes, sign * size)
    if (rows > 0) row.rows = plus(row.rows, sign * rows)
    if (maxTime !== undefined) row.timedFiles += sign
    row.oldest = oldestOf(row.oldest, row.timedFiles, sign === 1 ? maxTime : undefined)
    return row.number
  }

  /** The row as it will be written; a copy of it while what is done may be taken back. */
  #toChange(name: string, head: Head): Changing {
    const changed = this.#changed.get(name)
    if (changed && !this.#rows.attempting) return changed
    const before = changed ?? this.#rows.get(named(TABLE.namespace, name), readNamespace)
    if (this.#rows.attempting) this.#rows.onUndo(() => this.#putBack(name, before))
    // The number that it gets is left out when it is taken back: numbers need not be dense.
    const row: Changing = before ? { ...before } : { number: head.nextNamespace++, ...NONE }
    this.#changed.set(name, row)
    return row
  }

  #putBack(name: string, before: NamespaceRow | undefined): void {
    if (before) this.#changed.set(name, before)
    else this.#changed.delete(name)
  }

  flush(): void {
    for (const [name, row] of this.#changed) {
      // An empty namespace is forgotten; if it comes back it gets a new number.
      if (row.files === 0) this.#rows.remove(named(TABLE.namespace, name))
      else this.#rows.put(named(TABLE.namespace, name), (writer) => writeNamespace(writer, row))
    }
    this.#changed.clear()
  }

  forget(): void {
    this.#changed.clear()
  }
}

function oldestOf(
  before: number | undefined,
  timedFiles: number,
  added: number | undefined,
): number | undefined {
  if (timedFiles === 0) return undefined
  return added === undefined ? before : Math.min(before ?? added, added)
}
