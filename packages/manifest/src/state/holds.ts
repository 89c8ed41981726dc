import { foldersOf, type Hold } from '@holdfast/core'
import { partsOf, readHold, writeHold } from '../format/hold.ts'
import { behind, named, nameOf, TABLE } from '../format/rows.ts'
import type { Rows } from './rows.ts'

const ALL = named(TABLE.hold, '')

/** What a rule is asked about. An orphan has its key as its path, and no namespace. */
export interface Subject {
  readonly path: string
  readonly key: string
  readonly namespace?: string | undefined
  readonly run?: string | undefined
}

/**
 * The rules that keep files. Rows are what counts; in memory they stand by what they are about, so that a question
 * costs the depth of a path, however many rules there are, and nothing when there are none.
 */
export class HoldRules {
  readonly #rows: Rows
  readonly #byId = new Map<string, Hold>()
  readonly #byScope = new Map<string, Map<string, Hold>>()
  /** Another one after every change: what was concluded from the rules before is to be concluded again. */
  version = 0

  constructor(rows: Rows) {
    this.#rows = rows
    this.reload()
  }

  get(id: string): Hold | undefined {
    return this.#byId.get(id)
  }

  get size(): number {
    return this.#byId.size
  }

  /** In the order of their ids. */
  all(): Hold[] {
    return this.#rows.page(ALL, behind(ALL), Number.MAX_SAFE_INTEGER, (payload, row) => ({
      id: nameOf(row),
      ...readHold(payload),
    }))
  }

  /** Whether a rule keeps this at a time. */
  keeps(subject: Subject, time: number): boolean {
    return this.#byId.size > 0 && !this.covering(subject, time).next().done
  }

  *covering(subject: Subject, time: number): Generator<Hold, undefined> {
    for (const scope of scopesOf(subject))
      for (const hold of this.#byScope.get(scope)?.values() ?? [])
        if (hold.expiresAt === undefined || hold.expiresAt > time) yield hold
  }

  /** When the next rule ends, after a time; infinite when none does. */
  nextExpiry(time: number): number {
    let next = Number.POSITIVE_INFINITY
    for (const { expiresAt } of this.#byId.values())
      if (expiresAt !== undefined && expiresAt > time) next = Math.min(next, expiresAt)
    return next
  }

  /** Inside a transaction: sets a rule, or replaces the one of this id. */
  put(hold: Hold): void {
    const before = this.#byId.get(hold.id)
    this.#rows.put(named(TABLE.hold, hold.id), (payload) => writeHold(payload, hold))
    this.#move(before, hold)
  }

  /** Inside a transaction. */
  remove(hold: Hold): void {
    this.#rows.remove(named(TABLE.hold, hold.id))
    this.#move(hold, undefined)
  }

  /** Reads anew, at start and after a transaction that failed. */
  reload(): void {
    this.#byId.clear()
    this.#byScope.clear()
    for (const hold of this.all()) this.#index(hold)
    this.version++
  }

  #move(before: Hold | undefined, after: Hold | undefined): void {
    const swap = (from: Hold | undefined, to: Hold | undefined) => {
      if (from) this.#unindex(from)
      if (to) this.#index(to)
      this.version++
    }
    swap(before, after)
    this.#rows.onUndo(() => swap(after, before))
  }

  #index(hold: Hold): void {
    const scope = scopeOf(hold)
    const there = this.#byScope.get(scope) ?? new Map<string, Hold>()
    this.#byScope.set(scope, there.set(hold.id, hold))
    this.#byId.set(hold.id, hold)
  }

  #unindex(hold: Hold): void {
    const scope = scopeOf(hold)
    const there = this.#byScope.get(scope)
    there?.delete(hold.id)
    if (there?.size === 0) this.#byScope.delete(scope)
    this.#byId.delete(hold.id)
  }
}

/** Names hold no NUL. */
function scopeOf({ scope }: Hold): string {
  const { kind, name } = partsOf(scope)
  return `${kind}\0${name}`
}

function* scopesOf({ path, key, namespace, run }: Subject): Generator<string> {
  yield `path\0${path}`
  yield `key\0${key}`
  for (const folder of foldersOf(path)) yield `folder\0${folder}`
  if (namespace !== undefined) yield `namespace\0${namespace}`
  if (run !== undefined) yield `run\0${run}`
}
