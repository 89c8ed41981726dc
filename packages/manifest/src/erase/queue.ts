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
  writeNamed,
  writeRetryRow,
} from '../format/rows.ts'
import type { Rows } from '../state/rows.ts'
import { LONGEST_WAIT_MS } from './judge.ts'

const ALL = named(TABLE.erase, '')

/**
 * Doomed keys whose bytes this node has to delete. Node-local rows: they follow from `doom` and survive a crash. A
 * second table has those that will be tried, by their time; what is set aside is not in it and costs nothing.
 */
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
    const queued = { key: key as StorageKey, since, attempts: 0, nextTry: 0 }
    const row = this.#rows.draft()
    writeNamed(row, TABLE.erase, key)
    const name = row.length
    writeQueued(row, queued)
    // Nearly every key is new, and the write itself says when it is not.
    if (this.#rows.insertDraftIfAbsent(name)) this.#time(queued)
    else this.put(queued)
  }

  /** Inside a transaction. */
  put(queued: QueuedErase): void {
    this.#untime(queued.key)
    this.#rows.put(named(TABLE.erase, queued.key), (payload) => writeQueued(payload, queued))
    if (queued.setAside === undefined) this.#time(queued)
  }

  /** Inside a transaction. */
  remove(key: string): void {
    this.#untime(key)
    this.#rows.remove(named(TABLE.erase, key))
  }

  get(key: string): QueuedErase | undefined {
    const row = named(TABLE.erase, key)
    return this.#rows.get(row, (payload) => readQueued(payload, row))
  }

  /**
   * Keys whose time has come, the longest waiting first. A time further away than any wait was set before the clock
   * went back: it has come too.
   */
  due(now: number, limit: number): QueuedErase[] {
    const names = this.#rows.names(retryRow(0, ''), retryRow(now + 1, ''), limit)
    if (names.length < limit)
      names.push(
        ...this.#rows.names(
          retryRow(now + LONGEST_WAIT_MS + 1, ''),
          behind(named(TABLE.retry, '')),
          limit - names.length,
        ),
      )
    return names.flatMap((name) => this.get(keyOfRetryRow(name)) ?? [])
  }

  /** When the next key is tried, or undefined. */
  next(): number | undefined {
    const [name] = this.#rows.names(named(TABLE.retry, ''), behind(named(TABLE.retry, '')), 1)
    return name && timeOfRetryRow(name)
  }

  /** In order of the keys. */
  *scan(): Generator<QueuedErase, undefined> {
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
    const all = named(TABLE.retry, '')
    this.#active = this.#rows.count(all, behind(all), Number.MAX_SAFE_INTEGER)
  }

  #time({ key, nextTry }: QueuedErase): void {
    const row = this.#rows.draft()
    writeRetryRow(row, nextTry, key)
    this.#rows.insertDraft(row.length)
    this.#count(1)
  }

  #untime(key: string): void {
    const before = this.get(key)
    if (!before || before.setAside !== undefined) return
    writeRetryRow(this.#rows.draft(), before.nextTry, key)
    this.#rows.removeDraft()
    this.#count(-1)
  }

  #count(change: number): void {
    this.#active += change
    this.#rows.onUndo(() => {
      this.#active -= change
    })
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
