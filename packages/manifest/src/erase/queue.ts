import { hasCode, type QueuedErase, type StorageKey } from '@holdfast/core'
import { type ByteReader, type ByteWriter, orUnreadable } from '../format/bytes.ts'
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
import { Unreadable } from './unreadable.ts'

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
 * nothing. A key of which a row cannot be read is passed over, and goes to `unreadable`.
 */
export class EraseQueue {
  readonly unreadable: Unreadable
  readonly #rows: Rows
  #active = 0
  #tried = 0
  /** Where keys stand in the first table whose row in the second one cannot be read. Valid while that row is there. */
  readonly #found = new Map<string, Buffer | undefined>()
  #aside = { version: -1, size: 0, count: 0 }

  constructor(rows: Rows, unreadable = new Unreadable(rows)) {
    this.#rows = rows
    this.unreadable = unreadable
    this.reload()
  }

  /** Keys that are tried, now or later: all but those set aside. */
  get active(): number {
    return this.#active - this.#activeAside()
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
    const tried = this.#tried === 0 ? undefined : orUnreadable(() => this.#triedBefore(key))
    const row = tried === 'unreadable' ? this.timesOf([key]).get(key) : undefined
    if (tried) {
      this.#rows.remove(named(TABLE.erase, key))
      this.#count(0, -1)
    }
    this.#found.delete(key)
    if (row) this.#rows.draft().raw(row)
    else writeRetryRow(this.#rows.draft(), tried !== 'unreadable' && tried ? tried.nextTry : AT_ONCE, key)
    if (this.#rows.removeDraft()) this.#count(-1, 0)
  }

  /** Inside a transaction, after `timesOf` them: in the place of rows that cannot be read; nothing, where the key has no business here. */
  renew(
    damaged: readonly { readonly row: Buffer; readonly key: string; readonly queued?: QueuedErase }[],
  ): void {
    for (const { row, key, queued } of damaged) {
      if (row[0] === TIMED[0] && this.#rows.remove(row)) this.#count(-1, 0)
      if (queued) this.put(queued)
      else this.remove(key)
    }
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
    const due: QueuedErase[] = []
    const take = (from: Buffer, to: Buffer) => {
      for (let start: Buffer | undefined = from; start && due.length < limit; ) {
        const { found, next } = this.#timed(start, to, this.unreadable.pageFor(limit - due.length))
        due.push(...found.slice(0, limit - due.length))
        start = next
      }
    }
    take(FIRST, LATER)
    take(LATER, retryRow(now + 1, ''))
    take(retryRow(now + LONGEST_WAIT_MS + 1, ''), behind(TIMED))
    return due
  }

  /** When the next key is tried, or undefined. */
  next(): number | undefined {
    const names = this.#rows.names(TIMED, behind(TIMED), this.unreadable.size + 1)
    const name = names.find((name) => !this.unreadable.has(keyOfRetryRow(name)))
    return name && timeOfRetryRow(name)
  }

  /** All keys, those that are passed over and those whose try went wrong first. */
  *scan(): Generator<QueuedErase, undefined> {
    const told = new Set<string>()
    const unreadable = (): QueuedErase[] => {
      if (this.unreadable.size === told.size) return []
      const news = this.unreadable.all().filter(({ key }) => !told.has(key))
      for (const { key } of news) told.add(key)
      return news.map(({ row: _, ...queued }) => queued)
    }
    yield* unreadable()
    for (let from: Buffer | undefined = TRIED; from; ) {
      const { found, next } = this.#allTried(from)
      yield* unreadable()
      yield* found
      from = next
    }
    for (let from: Buffer | undefined = FIRST; from; ) {
      const { found, next } = this.#timed(from, LATER, PAGE)
      yield* unreadable()
      for (const queued of found) if (!this.#wasTried(queued.key)) yield queued
      from = next
    }
  }

  /** The rows that say when these keys are tried. What cannot be known is looked for among all, once for these keys, and remembered. */
  timesOf(keys: Iterable<string>): Map<string, Buffer> {
    const times = new Map<string, Buffer>()
    const lost = new Set<string>()
    for (const key of keys) {
      const tried = orUnreadable(() => this.#triedBefore(key))
      const row = tried === 'unreadable' ? this.#found.get(key) : retryRow(tried?.nextTry ?? AT_ONCE, key)
      if (row && this.#rows.has(row)) times.set(key, row)
      else if (tried === 'unreadable' && !this.#found.has(key)) lost.add(key)
    }
    if (lost.size === 0) return times
    for (const key of lost) this.#found.set(key, undefined)
    for (let from: Buffer | undefined = TIMED; from; ) {
      const names = this.#rows.names(from, behind(TIMED), PAGE)
      for (const row of names) {
        const key = keyOfRetryRow(row)
        if (!lost.has(key)) continue
        this.#found.set(key, row)
        times.set(key, row)
      }
      const last = names.length < PAGE ? undefined : names.at(-1)
      from = last && after(last)
    }
    return times
  }

  /** Counts anew from the store, at start and after a transaction that failed. */
  reload(): void {
    this.#found.clear()
    this.#active = this.#rows.count(TIMED, behind(TIMED), Number.MAX_SAFE_INTEGER)
    this.#tried = this.#rows.count(TRIED, behind(TRIED), Number.MAX_SAFE_INTEGER)
  }

  /** What at most `limit` rows of the times have queued. */
  #timed(from: Buffer, to: Buffer, limit: number): { found: QueuedErase[]; next: Buffer | undefined } {
    const read = (payload: ByteReader, row: Buffer) => untried(keyOfRetryRow(row) as StorageKey, payload)
    const { items, next } = this.#rows.sound({ from, to, limit }, read, {
      skip: this.unreadable.skip(keyOfRetryRow),
      damaged: (row, error) => this.unreadable.note(keyOfRetryRow(row), row, error),
    })
    const found: QueuedErase[] = []
    for (const queued of items) {
      const tried = this.#orAside(queued.key)
      // Keys before their first try, and those that format 3 has queued, need no other row.
      if (tried === undefined && to === LATER) found.push(queued)
      else if (tried !== undefined && tried !== 'unreadable') found.push(tried)
    }
    return { found, next }
  }

  /** Keys whose try went wrong, of at most a page of rows. */
  #allTried(from: Buffer): { found: QueuedErase[]; next: Buffer | undefined } {
    const { items, next } = this.#rows.sound({ from, to: behind(TRIED), limit: PAGE }, readQueued, {
      skip: this.unreadable.skip((row) => nameOf(row)),
      damaged: (row, error) => this.unreadable.note(nameOf(row), row, error),
    })
    return { found: items, next }
  }

  /** What is known of its tries. A key of which that cannot be read is set aside. */
  #orAside(key: string): QueuedErase | 'unreadable' | undefined {
    try {
      return this.#triedBefore(key)
    } catch (error) {
      if (!hasCode(error, 'HF_MANIFEST_CORRUPT')) throw error
      this.unreadable.note(key, named(TABLE.erase, key), error)
      return 'unreadable'
    }
  }

  /** How many of the active ones are set aside. */
  #activeAside(): number {
    const { size } = this.unreadable
    if (size === 0) return 0
    const { version } = this.#rows
    if (this.#aside.version !== version || this.#aside.size !== size || this.#rows.writing) {
      const count = this.timesOf(this.unreadable.keys()).size
      this.#aside = { version, size: this.unreadable.size, count }
    }
    return this.#aside.count
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
