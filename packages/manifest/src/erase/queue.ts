import type { QueuedErase, StorageKey } from '@holdfast/core'
import type { ByteReader, ByteWriter } from '../format/bytes.ts'
import { after, behind, named, nameOf, TABLE } from '../format/rows.ts'
import type { Rows } from '../state/rows.ts'

const ALL = named(TABLE.erase, '')

/** Doomed keys whose bytes this node has to delete. Node-local rows: they follow from `doom` and survive a crash. */
export class EraseQueue {
  readonly #rows: Rows
  #length = 0

  constructor(rows: Rows) {
    this.#rows = rows
    this.reload()
  }

  get length(): number {
    return this.#length
  }

  /** Inside a transaction. */
  add(key: string, since: number): void {
    this.update({ key: key as StorageKey, since, attempts: 0, nextTry: since })
    this.#length++
    this.#rows.onUndo(() => void this.#length--)
  }

  /** Inside a transaction. */
  update(queued: QueuedErase): void {
    this.#rows.put(named(TABLE.erase, queued.key), (payload) => writeQueued(payload, queued))
  }

  /** Inside a transaction. */
  remove(key: string): void {
    const row = named(TABLE.erase, key)
    if (!this.#rows.has(row)) return
    this.#rows.remove(row)
    this.#length--
    this.#rows.onUndo(() => void this.#length++)
  }

  /** In order of the keys. */
  *scan(): Generator<QueuedErase> {
    for (let from = ALL; ; ) {
      const page = this.#rows.page(from, behind(ALL), 1000, readQueued)
      yield* page
      const last = page.at(-1)
      if (!last || page.length < 1000) return
      from = after(named(TABLE.erase, last.key))
    }
  }

  /** Counts anew from the store, at start and after a transaction that failed. */
  reload(): void {
    this.#length = 0
    for (const _ of this.scan()) this.#length++
  }
}

function writeQueued(writer: ByteWriter, { since, attempts, nextTry, setAside }: QueuedErase): void {
  writer
    .varint(since)
    .varint(attempts)
    .varint(nextTry)
    .text(setAside ?? '')
}

function readQueued(reader: ByteReader, row: Buffer): QueuedErase {
  const queued = {
    key: nameOf(row) as StorageKey,
    since: reader.varint(),
    attempts: reader.varint(),
    nextTry: reader.varint(),
  }
  const setAside = reader.text()
  return setAside === '' ? queued : { ...queued, setAside }
}
