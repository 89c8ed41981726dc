import { type FilePath, foldersOf, type StorageKey } from '@holdfast/core'
import { named, TABLE } from '../format/rows.ts'
import type { Rows } from './rows.ts'

/** Folders that are known to be no file; bounds memory, not correctness. */
const KNOWN = 10_000

/**
 * Which names are folders. A backend on a disk cannot hold `a` and `a/b`, so the manifest refuses the second of them.
 *
 * Downwards it counts: a folder's row is the number of keys and folders directly in it that are not gone, so one look
 * says whether anything lies below a name. Upwards it asks for each folder above a name whether it is a file, and
 * remembers the answer: a folder stays one until something of that very name appears.
 */
export class Folders {
  readonly #rows: Rows
  readonly #changed = new Map<string, number>()
  readonly #known = new Set<string>()

  constructor(rows: Rows) {
    this.#rows = rows
  }

  /** A folder above this name that is a file, by path or by key; `isFile` answers for one name. */
  fileAbove(name: string, isFile: (folder: string) => boolean): string | undefined {
    if (this.#known.has(folderOf(name))) return undefined
    const folders = [...foldersOf(name)]
    const file = folders.find(isFile)
    if (file !== undefined) return file
    if (this.#known.size > KNOWN) this.#known.clear()
    for (const folder of folders) this.#known.add(folder)
    // What a batch saw on the way is not true any more when the batch is taken back.
    this.#rows.onUndo(() => this.#known.clear())
    return undefined
  }

  /** Whether keys that are not gone lie below this name. */
  used(name: string): boolean {
    return this.#count(name) > 0
  }

  /** A file of this path and key appears, or a condemned key of this name. */
  appear(name: FilePath | StorageKey): void {
    if (this.#known.has(name)) this.#known.clear()
  }

  /** A key that was unknown is so no more. */
  enter(key: StorageKey): void {
    this.#move(key, 1)
  }

  /** A key is gone. */
  leave(key: StorageKey): void {
    this.#move(key, -1)
  }

  flush(): void {
    for (const [folder, count] of this.#changed) {
      const row = named(TABLE.folder, folder)
      if (count === 0) this.#rows.remove(row)
      else this.#rows.put(row, (writer) => writer.varint(count))
    }
    this.#changed.clear()
  }

  forget(): void {
    this.#changed.clear()
    this.#known.clear()
  }

  /** A folder that gets its first child enters its own parent; one that loses its last leaves it. */
  #move(name: string, sign: 1 | -1): void {
    for (let folder = folderOf(name); folder !== ''; folder = folderOf(folder)) {
      const before = this.#count(folder)
      this.#rows.onUndo(() => this.#changed.set(folder, before))
      this.#changed.set(folder, before + sign)
      if (before + (sign === 1 ? 0 : sign) !== 0) return
    }
  }

  #count(folder: string): number {
    return (
      this.#changed.get(folder) ??
      this.#rows.get(named(TABLE.folder, folder), (payload) => payload.varint()) ??
      0
    )
  }
}

function folderOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('/')))
}
