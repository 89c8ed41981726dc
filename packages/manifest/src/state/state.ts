import type { Entry, FilePath, NewEntry, StorageKey } from '@holdfast/core'
import { readListed, writeListed } from '../format/entry.ts'
import { type KeyRow, readKeyRow, writeKeyRow, writeLiveKey } from '../format/key-row.ts'
import type { WrittenAt } from '../format/op.ts'
import {
  ageRow,
  type DueState,
  dueRow,
  named,
  TABLE,
  writeAgeRow,
  writeDueRow,
  writeLeavingRow,
  writeNamed,
} from '../format/rows.ts'
import type { Seal } from '../format/seal.ts'
import type { KeyValue } from '../store/key-value.ts'
import { Folders } from './folders.ts'
import { emptyHead, type Head, readHead, writeHead } from './head.ts'
import { HoldRules } from './holds.ts'
import { Namespaces } from './namespaces.ts'
import { RecentBatches } from './recent.ts'
import { Replacements } from './replacements.ts'
import { Rows } from './rows.ts'
import { Settings } from './settings.ts'

const HEAD = named(TABLE.head, '')

export type Condemned = Extract<KeyRow, { state: 'condemned' }>
type Doomed = Extract<KeyRow, { state: 'doomed' }>
type Gone = Extract<KeyRow, { state: 'gone' }>

/**
 * The manifest's state: typed rows, and the moves between the states of a key that keep every index with them. It
 * judges nothing; the ops do.
 */
export class State {
  readonly rows: Rows
  readonly folders: Folders
  readonly namespaces: Namespaces
  readonly holds: HoldRules
  readonly replacements: Replacements
  readonly settings: Settings
  readonly recent: RecentBatches
  head: Head

  /** `remembered`: most batches whose outcomes are kept; the same on all nodes. */
  constructor(store: KeyValue, seal: Seal, remembered?: number) {
    this.rows = new Rows(store, seal)
    this.folders = new Folders(this.rows)
    this.namespaces = new Namespaces(this.rows)
    this.holds = new HoldRules(this.rows)
    this.replacements = new Replacements(this.rows)
    this.settings = new Settings(this.rows)
    this.recent = new RecentBatches(this.rows, remembered)
    this.head = this.#load()
  }

  entry(path: FilePath): Entry | undefined {
    return this.rows.get(named(TABLE.entry, path), readListed)
  }

  key(key: StorageKey): KeyRow | undefined {
    return this.rows.get(named(TABLE.key, key), readKeyRow)
  }

  /** The name that a new file would collide with, in either direction, or undefined when there is room for it. */
  conflict(path: FilePath, key: StorageKey): string | undefined {
    if (this.folders.hasRoom(path, key)) return undefined
    return this.folders.used(key) ? key : this.pathConflict(path)
  }

  /** As `conflict`, for a path whose key is in the store already. */
  pathConflict(path: FilePath): string | undefined {
    const above = this.folders.fileAbove(path, (folder) => this.#isFile(folder))
    if (above !== undefined) return above
    // Keys below the path may all be on their way out; then the path itself is free.
    if (!this.folders.used(path)) return undefined
    const [below] = this.rows.names(named(TABLE.entry, `${path}/`), named(TABLE.entry, `${path}0`), 1)
    if (!below) this.folders.appear(path)
    return below && path
  }

  #isFile(name: string): boolean {
    if (this.rows.has(named(TABLE.entry, name))) return true
    const row = this.key(name as StorageKey)
    return row !== undefined && row.state !== 'gone'
  }

  /** The number of the change that is being made. */
  nextGeneration(): number {
    this.rows.onUndo(() => void this.head.generation--)
    return ++this.head.generation
  }

  /**
   * Lists an entry under a new generation, if its key is unknown and there is room for its path; else nothing changes.
   * It writes without a look before: nearly every key is new, and the write itself says when it is not.
   */
  add(entry: NewEntry, written?: WrittenAt): boolean {
    const { path, key } = entry
    if (this.conflict(path, key) !== undefined) return false
    if (!this.#addKey(key, path)) return false
    const generation = this.head.generation + 1
    const row = this.rows.draft()
    writeNamed(row, TABLE.entry, path)
    const name = row.length
    if (written) row.varint(generation).range(written.batch.bytes, written.from, written.to)
    else writeListed(row, entry, generation)
    if (!this.rows.insertDraftIfAbsent(name)) {
      this.rows.remove(named(TABLE.key, key))
      return false
    }
    this.nextGeneration()
    this.#index(entry)
    this.folders.enter(key)
    return true
  }

  /** False when it is known already. */
  #addKey(key: StorageKey, path: FilePath): boolean {
    const row = this.rows.draft()
    writeNamed(row, TABLE.key, key)
    const name = row.length
    writeLiveKey(row, path)
    return this.rows.insertDraftIfAbsent(name)
  }

  /** Lists an entry whose path is free. Its key is unknown (`fresh`) or condemned. */
  list(entry: Entry, fresh: boolean): void {
    const { path, key } = entry
    this.rows.insert(named(TABLE.entry, path), (payload) => writeListed(payload, entry, entry.generation))
    this.#setKey(key, { state: 'live', path }, fresh)
    this.#index(entry)
    if (fresh) this.folders.enter(key)
  }

  /** What goes with an entry that appears. */
  #index(entry: NewEntry): void {
    const { path, maxTime } = entry
    const namespace = this.namespaces.count(entry, 1, this.head)
    if (maxTime === undefined) return
    const row = this.rows.draft()
    writeAgeRow(row, namespace, maxTime, path)
    this.rows.insertDraft(row.length)
  }

  unlist(entry: Entry): void {
    this.rows.remove(named(TABLE.entry, entry.path))
    const namespace = this.namespaces.count(entry, -1, this.head)
    if (entry.maxTime === undefined) return
    writeAgeRow(this.rows.draft(), namespace, entry.maxTime, entry.path)
    this.rows.removeDraft()
  }

  /** Changes what is known of a listed entry; path and key stay. */
  change(before: Entry, after: Entry): void {
    const { path } = after
    this.rows.put(named(TABLE.entry, path), (payload) => writeListed(payload, after, after.generation))
    const from = this.namespaces.count(before, -1, this.head)
    const to = this.namespaces.count(after, 1, this.head)
    if (before.maxTime !== undefined) this.rows.remove(ageRow(from, before.maxTime, path))
    if (after.maxTime !== undefined) this.rows.put(ageRow(to, after.maxTime, path), nothing)
  }

  /** Puts a key on its way out, or moves the time of one that is on it. */
  condemn(key: StorageKey, row: Condemned, before?: Condemned): void {
    if (before) this.#settle(key, before)
    else if (row.as === 'orphan') {
      this.folders.appear(key)
      this.folders.enter(key)
    }
    this.#leave(key, row)
  }

  /** Lists a condemned entry again. */
  restore(key: StorageKey, before: Condemned, entry: Entry): void {
    this.#settle(key, before)
    this.list(entry, false)
  }

  doom(key: StorageKey, before: Condemned, row: Doomed): void {
    this.#settle(key, before)
    this.#leave(key, row)
  }

  bury(key: StorageKey, before: Condemned | Doomed, until: number, generation: number): void {
    this.#settle(key, before)
    const as = before.replacement === undefined ? before.as : 'replaced'
    this.#setKey(key, { state: 'gone', as, until, generation }, false)
    this.#await('gone', until, key)
    this.folders.leave(key)
  }

  /** The key is as if it had never been. */
  forget(key: StorageKey, before: Gone): void {
    this.rows.remove(named(TABLE.key, key))
    this.rows.remove(dueRow('gone', before.until, key))
  }

  /** Writes the rows of a key on its way out. */
  #leave(key: StorageKey, row: Condemned | Doomed): void {
    this.#setKey(key, row, false)
    this.#await(row.state, timeOf(row), key)
    const leaving = this.rows.draft()
    writeLeavingRow(leaving, row.entry?.path ?? key, row.generation)
    const name = leaving.length
    leaving.text(key)
    this.rows.insertDraft(name)
  }

  #await(state: DueState, time: number, key: StorageKey): void {
    const due = this.rows.draft()
    writeDueRow(due, state, time, key)
    this.rows.insertDraft(due.length)
  }

  /** Takes them away, except the key's own, which the next state overwrites. */
  #settle(key: StorageKey, row: Condemned | Doomed): void {
    writeDueRow(this.rows.draft(), row.state, timeOf(row), key)
    this.rows.removeDraft()
    writeLeavingRow(this.rows.draft(), row.entry?.path ?? key, row.generation)
    this.rows.removeDraft()
  }

  #setKey(key: StorageKey, row: KeyRow, fresh: boolean): void {
    const draft = this.rows.draft()
    writeNamed(draft, TABLE.key, key)
    const name = draft.length
    if (!fresh) this.rows.replaceDraft(name)
    writeKeyRow(draft, row)
    this.rows.insertDraft(name)
  }

  /** Writes what was gathered during a transaction, and the head. The last thing in it. */
  flush(): void {
    this.namespaces.flush()
    this.folders.flush()
    this.recent.flush(this.head)
    this.head.digest = this.rows.digest
    this.rows.put(HEAD, (payload) => writeHead(payload, this.head))
  }

  /** Goes back to what is durable, after a transaction that failed. */
  reload(): void {
    this.namespaces.forget()
    this.folders.forget()
    this.recent.forget()
    this.holds.reload()
    this.head = this.#load()
  }

  #load(): Head {
    const head = this.rows.get(HEAD, readHead) ?? emptyHead()
    this.rows.digest = head.digest
    return head
  }
}

function timeOf(row: Condemned | Doomed): number {
  return row.state === 'condemned' ? row.notBefore : row.since
}

/** The value of a row whose name says all. */
function nothing(): void {}
