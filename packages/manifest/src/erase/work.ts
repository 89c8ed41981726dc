import type { QueuedErase, StorageKey } from '@holdfast/core'
import { orUnreadable } from '../format/bytes.ts'
import { dueRow, keyOfDueRow, timeOfDueRow } from '../format/rows.ts'
import type { Opened } from '../opened.ts'
import { DueRows } from './due.ts'

/** Due rows beyond these are not counted: deep is deep. */
const MOST_COUNTED = 100_000
/** Longest sleep between two looks at the queue, ms: a bound on what a missed wake-up costs. */
const LONGEST_SLEEP_MS = 60_000

const FIRST_DOOMED = dueRow('doomed', 0, '')
const FIRST_GONE = dueRow('gone', 0, '')

/** What an eraser could do now, read from the state and the queue; at most `chunk` of each. */
export interface Todo {
  readonly dooming: readonly StorageKey[]
  readonly erasing: readonly QueuedErase[]
  readonly forgetting: readonly StorageKey[]
  readonly settling: readonly StorageKey[]
}

export const NOTHING_TO_DO: Todo = { dooming: [], erasing: [], forgetting: [], settling: [] }
const NONE: ReadonlySet<StorageKey> = new Set()

/** Finds what there is to erase, and when there will be something. It changes nothing. */
export class EraseWork {
  readonly #opened: Opened
  readonly #due: DueRows
  /** The most keys of one delete call. */
  readonly #deleteBatch: number

  constructor(opened: Opened, deleteBatch: number) {
    this.#opened = opened
    this.#due = new DueRows(opened.state, opened.eraseQueue.unreadable)
    this.#deleteBatch = deleteBatch
  }

  /** On a disk of its own a node only follows what the one that holds the role has doomed. */
  get mayDoom(): boolean {
    return this.#opened.erases() === 'all'
  }

  /** At most `chunk` of each; undefined when there is nothing. `gone`: keys whose bytes are gone, as the log will hear. */
  todo(chunk: number, gone = NONE): Todo | undefined {
    const all = this.mayDoom
    const todo = {
      dooming: all ? this.#due.take(this.#now(), chunk) : [],
      erasing: this.erasable(chunk, gone),
      forgetting: all ? this.#forgettable(chunk) : [],
      settling: all ? this.#settled(chunk, gone) : [],
    }
    return Object.values(todo).some(({ length }) => length > 0) ? todo : undefined
  }

  /** What may be deleted, and is to be tried now: at most one call's worth. */
  erasable(chunk: number, gone = NONE): QueuedErase[] {
    const { eraseQueue, clock } = this.#opened
    const limit = Math.min(chunk, this.#deleteBatch)
    const due = eraseQueue.due(clock.now(), limit + gone.size)
    return gone.size === 0 ? due : due.filter(({ key }) => !gone.has(key)).slice(0, limit)
  }

  /** Due keys that a hold keeps. */
  held(): number {
    return this.#due.held(this.#now())
  }

  /** Keys that could go now, about: what is deep is not counted to its end. */
  backlog(): number {
    return this.#opened.eraseQueue.active + this.#due.count(this.#now(), MOST_COUNTED)
  }

  /** Milliseconds until something becomes due, at most a minute. */
  wait(): number {
    const { state, clock, eraseQueue } = this.#opened
    if (this.todo(1)) return 0
    const now = clock.now()
    const until = now + LONGEST_SLEEP_MS
    const times = [until, eraseQueue.next() ?? until]
    if (this.mayDoom) {
      // What is due and could not be read is set aside: it wakes nobody.
      const [tombstone] = state.rows.names(dueRow('gone', this.#now() + 1, ''), dueRow('gone', until, ''), 1)
      times.push(this.#due.next(this.#now(), until) ?? until, tombstone ? timeOfDueRow(tombstone) : until)
    }
    return Math.min(LONGEST_SLEEP_MS, Math.max(0, Math.min(...times) - now))
  }

  /** Doomed keys that this node's own disk has nothing of any more, where others have disks too. */
  #settled(limit: number, gone: ReadonlySet<StorageKey>): StorageKey[] {
    const { eraseQueue, oneStore } = this.#opened
    if (oneStore) return []
    const { unreadable } = eraseQueue
    const settled: StorageKey[] = []
    for (let from: Buffer | undefined = FIRST_DOOMED; from && settled.length < limit; ) {
      const page = unreadable.dueRows(from, FIRST_GONE, unreadable.pageFor(limit))
      for (const row of page.items) {
        const key = keyOfDueRow(row) as StorageKey
        const isQueued = orUnreadable(() => eraseQueue.get(key)) !== undefined
        if (isQueued || gone.has(key) || unreadable.isBelow(key)) continue
        if (settled.length < limit) settled.push(key)
      }
      from = page.next
    }
    return settled
  }

  /** Tombstones whose time is over. */
  #forgettable(limit: number): StorageKey[] {
    const forgettable: StorageKey[] = []
    const end = dueRow('gone', this.#now() + 1, '')
    const { unreadable } = this.#opened.eraseQueue
    for (let from: Buffer | undefined = FIRST_GONE; from && forgettable.length < limit; ) {
      const page = unreadable.dueRows(from, end, unreadable.pageFor(limit))
      forgettable.push(...page.items.map((row) => keyOfDueRow(row) as StorageKey))
      from = page.next
    }
    return forgettable.slice(0, limit)
  }

  /** What the next record will have for its time, at least. */
  #now(): number {
    const { state, clock } = this.#opened
    return Math.max(clock.now(), state.head.time)
  }
}
