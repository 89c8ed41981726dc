import type { QueuedErase, StorageKey } from '@holdfast/core'
import type { ByteReader, ByteWriter } from '../format/bytes.ts'
import { after, behind, named, nameOf, TABLE } from '../format/rows.ts'
import type { Rows } from '../state/rows.ts'

const ALL = named(TABLE.erase, '')

/** Doomed keys whose bytes this node has to delete. Node-local rows: they follow from `doom` and survive a crash. */
export class EraseQueue {
  readonly #rows: Rows
  #active = 0

  constructor(rows: Rows) {
    this.#rows = rows
    this.reload()
  }

  /** Keys that are tried, now or later: all but those set aside. */
  get active(): number {
    return this.#active
  }

  /** Inside a transaction. */
  add(key: string, since: number): void {
    this.put({ key: key as StorageKey, since, attempts: 0, nextTry: since })
  }

  /** Inside a transaction. */
  put(queued: QueuedErase): void {
    const row = named(TABLE.erase, queued.key)
    this.#count((isActive(queued) ? 1 : 0) - this.#activeAt(row))
    this.#rows.put(row, (payload) => writeQueued(payload, queued))
  }

  /** Inside a transaction. */
  remove(key: string): void {
    const row = named(TABLE.erase, key)
    this.#count(-this.#activeAt(row))
    this.#rows.remove(row)
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
    this.#active = 0
    for (const queued of this.scan()) if (isActive(queued)) this.#active++
  }

  #activeAt(row: Buffer): number {
    const queued = this.#rows.get(row, (payload) => readQueued(payload, row))
    return queued && isActive(queued) ? 1 : 0
  }

  #count(change: number): void {
    this.#active += change
    this.#rows.onUndo(() => {
      this.#active -= change
    })
  }
}

function isActive({ setAside }: QueuedErase): boolean {
  return setAside === undefined
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
