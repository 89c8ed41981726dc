import type { QueuedErase, StorageKey } from '@holdfast/core'
import type { ByteReader, ByteWriter } from '../format/bytes.ts'
import {
  after,
  behind,
  keyOfRetryRow,
  named,
  nameOf,
  retryRow,
  TABLE,
  timeOfRetryRow,
  writeRetryRow,
} from '../format/rows.ts'
import type { Rows } from '../state/rows.ts'
import { LONGEST_WAIT_MS } from './judge.ts'

const TRIED = named(TABLE.erase, '')
const TIMED = named(TABLE.retry, '')
/** Keys that were not tried yet stand before all others. */
const AT_ONCE = 0
const FIRST = retryRow(AT_ONCE, '')
const LATER = retryRow(AT_ONCE + 1, '')
const PAGE = 1000

/**
 * Doomed keys whose bytes this node has to delete. Node-local rows: they follow from `doom` and survive a crash. One
 * table has the keys by the time of their next try; most go at the first one, and have no other row. A key whose try
 * went wrong has what is known of it in a second table; when it is set aside it stands in that one alone, and costs
 * nothing.
 */
export class EraseQueue {
  readonly #rows: Rows
  #active = 0
  #tried = 0

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
    if (this.#wasTried(key)) this.remove(key)
    const row = this.#rows.draft()
    writeRetryRow(row, AT_ONCE, key)
    const name = row.length
    row.varint(since)
    // Nearly every key is new, and the write itself says when it is not.
    if (this.#rows.insertDraftIfAbsent(name)) this.#count(1, 0)
    else this.#rows.put(retryRow(AT_ONCE, key), (payload) => void payload.varint(since))
  }

  /** Inside a transaction. */
  put(queued: QueuedErase): void {
    this.remove(queued.key)
    this.#rows.insert(named(TABLE.erase, queued.key), (payload) => writeQueued(payload, queued))
    this.#count(0, 1)
    if (queued.setAside !== undefined) return
    this.#rows.insert(retryRow(queued.nextTry, queued.key), (payload) => void payload.varint(queued.since))
    this.#count(1, 0)
  }

  /** Inside a transaction. */
  remove(key: string): void {
    const tried = this.#tried === 0 ? undefined : this.#triedBefore(key)
    if (tried) {
      this.#rows.remove(named(TABLE.erase, key))
      this.#count(0, -1)
    }
    writeRetryRow(this.#rows.draft(), tried?.nextTry ?? AT_ONCE, key)
    if (this.#rows.removeDraft()) this.#count(-1, 0)
  }

  get(key: string): QueuedErase | undefined {
    return (
      this.#triedBefore(key) ??
      this.#rows.get(retryRow(AT_ONCE, key), (payload) => untried(key as StorageKey, payload))
    )
  }

  /**
   * Keys whose time has come, the longest waiting first. A time further away than any wait was set before the clock
   * went back: it has come too.
   */
  due(now: number, limit: number): QueuedErase[] {
    const due = this.#untried(FIRST, limit).map((queued) => this.#triedBefore(queued.key) ?? queued)
    const tried = (from: Buffer, to: Buffer) => {
      for (const name of this.#rows.names(from, to, limit - due.length)) {
        const queued = this.#triedBefore(keyOfRetryRow(name))
        if (queued) due.push(queued)
      }
    }
    if (due.length < limit) tried(LATER, retryRow(now + 1, ''))
    if (due.length < limit) tried(retryRow(now + LONGEST_WAIT_MS + 1, ''), behind(TIMED))
    return due
  }

  /** When the next key is tried, or undefined. */
  next(): number | undefined {
    const [name] = this.#rows.names(TIMED, behind(TIMED), 1)
    return name && timeOfRetryRow(name)
  }

  /** All keys, those whose try went wrong first. */
  *scan(): Generator<QueuedErase, undefined> {
    for (let from = TRIED; ; ) {
      const page = this.#rows.page(from, behind(TRIED), PAGE, readQueued)
      yield* page
      const last = page.at(-1)
      if (!last || page.length < PAGE) break
      from = after(named(TABLE.erase, last.key))
    }
    for (let from = FIRST; ; ) {
      const page = this.#untried(from, PAGE)
      for (const queued of page) if (!this.#wasTried(queued.key)) yield queued
      const last = page.at(-1)
      if (!last || page.length < PAGE) return
      from = after(retryRow(AT_ONCE, last.key))
    }
  }

  /** Counts anew from the store, at start and after a transaction that failed. */
  reload(): void {
    this.#active = this.#rows.count(TIMED, behind(TIMED), Number.MAX_SAFE_INTEGER)
    this.#tried = this.#rows.count(TRIED, behind(TRIED), Number.MAX_SAFE_INTEGER)
  }

  /** Keys before their first try, and those that format 3 has queued. */
  #untried(from: Buffer, limit: number): QueuedErase[] {
    return this.#rows.page(from, LATER, limit, (payload, row) =>
      untried(keyOfRetryRow(row) as StorageKey, payload),
    )
  }

  #wasTried(key: string): boolean {
    return this.#tried > 0 && this.#rows.has(named(TABLE.erase, key))
  }

  #triedBefore(key: string): QueuedErase | undefined {
    if (this.#tried === 0) return undefined
    const row = named(TABLE.erase, key)
    return this.#rows.get(row, (payload) => readQueued(payload, row))
  }

  #count(active: number, tried: number): void {
    this.#active += active
    this.#tried += tried
    this.#rows.onUndo(() => {
      this.#active -= active
      this.#tried -= tried
    })
  }
}

/** A row of the times; those of format 3 have nothing in them, and stand beside a row of the key. */
function untried(key: StorageKey, payload: ByteReader): QueuedErase {
  return { key, since: payload.done ? 0 : payload.varint(), attempts: 0, nextTry: AT_ONCE }
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
