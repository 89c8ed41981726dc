import { type Entry, RESERVED_FOLDER } from '@holdfast/core'
import { Violation } from './violation.ts'

/** What was seen of all machines together: keys, holds and states, and what must never be again. */
export class Ledger {
  /** Keys with bytes that are not retired. */
  readonly open = new Set<string>()
  readonly #written = new Set<string>()
  /** Keys that were doomed or gone, and the first record at which they were seen so; they never come back. */
  readonly retired = new Map<string, number>()
  /** Every entry that was ever listed, by its key, and the first record at which it was seen so. */
  readonly listed = new Map<string, Entry & { readonly since: number }>()
  /** Minted keys whose bytes landed when nobody waited for them any more: to be found by a reconcile. */
  readonly litter = new Set<string>()
  /** When a condemned key may be doomed. */
  readonly #notBefore = new Map<string, number>()
  readonly #digests = new Map<number, string>()
  readonly #held = new Map<string, ReadonlySet<string>>()
  readonly #releasing = new Set<string>()
  /** The newest record at which any state was seen. */
  newest = -1

  /** False when a state like this was seen before. */
  isNew(index: number, digest: string): boolean {
    const before = this.#digests.get(index)
    if (before === digest) return false
    if (before !== undefined) throw new Violation(`two digests at record ${index}: ${before}, then ${digest}`)
    this.#digests.set(index, digest)
    this.newest = Math.max(this.newest, index)
    return true
  }

  /** A store has these bytes now. */
  hasBytes(key: string): void {
    if (key.startsWith(`${RESERVED_FOLDER}/`)) return
    // Of a call that was made several times, one may land when the bytes of another are erased already.
    if (this.#written.has(key) && !this.retired.has(key))
      throw new Violation(`bytes were written under ${key} twice`)
    this.#written.add(key)
    this.open.add(key)
  }

  isListed(entry: Entry, index: number): void {
    if (!this.listed.has(entry.key)) this.listed.set(entry.key, { ...entry, since: index })
    this.mustBeUnused(entry.key, index)
  }

  isCondemned(key: string, index: number, notBefore: number): void {
    // An older state may say what has been changed since.
    if (index === this.newest) this.#notBefore.set(key, notBefore)
    this.mustBeUnused(key, index)
  }

  mustBeUnused(key: string, index: number): void {
    const retired = this.retired.get(key)
    if (retired !== undefined && retired <= index)
      throw new Violation(`key ${key} was retired, and is used again`)
  }

  /** `time`: of the record at which it is so. */
  isRetired(key: string, how: string, index: number, time: number): void {
    this.open.delete(key)
    if (this.retired.has(key)) return
    this.retired.set(key, index)
    for (const [id, keys] of this.#held)
      if (keys.has(key)) throw new Violation(`key ${key} is ${how}, and hold ${id} keeps it`)
    const notBefore = this.#notBefore.get(key)
    if (notBefore !== undefined && time < notBefore)
      throw new Violation(`key ${key} is ${how} ${notBefore - time} ms too early`)
  }

  /** Files that are deleted for good, by the first record at which that was seen. */
  deletedFiles(): readonly (readonly [key: string, listed: number, retired: number])[] {
    return [...this.retired].flatMap(([key, index]) => {
      const entry = this.listed.get(key)
      return entry ? [[key, entry.since, index] as const] : []
    })
  }

  /** A user was told that a hold stands; these keys must stay. */
  holdStands(id: string, keys: ReadonlySet<string>): void {
    if (!this.#releasing.has(id)) this.#held.set(id, keys)
  }

  /** Somebody asks for its end, maybe before it is known to stand. */
  releasing(id: string): void {
    this.#releasing.add(id)
    this.#held.delete(id)
  }

  get holds(): readonly string[] {
    return [...this.#held.keys()]
  }

  /** Somebody asks for what changes when keys may go. */
  asking(): void {
    this.#notBefore.clear()
  }
}
