import { type FilePath, foldersOf, type StorageKey } from '@holdfast/core'
import type { ByteReader, ByteWriter } from '../format/bytes.ts'
import { named, TABLE } from '../format/rows.ts'
import type { Rows } from './rows.ts'

/** Folders that are known to be no file; bounds memory, not correctness. */
const KNOWN = 10_000

/** What is directly in a folder and not gone. */
export interface FolderRow {
  /** Keys and folders. */
  readonly children: number
  /** The folders among them. */
  readonly folders: number
}
const EMPTY: FolderRow = { children: 0, folders: 0 }

export function readFolder(reader: ByteReader): FolderRow {
  return { children: reader.varint(), folders: reader.varint() }
}

export function writeFolder(writer: ByteWriter, { children, folders }: FolderRow): void {
  writer.varint(children).varint(folders)
}

/**
 * Which names are folders. A backend on a disk cannot hold `a` and `a/b`, so the manifest refuses the second of them.
 *
 * Downwards it counts: a folder's row says how much is directly in it that is not gone, so one look says whether
 * anything lies below a name. Most files lie in folders without folders, whose one row says so for all of them.
 * Upwards it asks for each folder above a name whether it is a file, and remembers the answer: a folder stays one
 * until something of that very name appears.
 */
export class Folders {
  readonly #rows: Rows
  /** Rows that were read or changed in this transaction. */
  readonly #seen = new Map<string, FolderRow>()
  /** Whether there was a row before. */
  readonly #changed = new Map<string, boolean>()
  /** Folders with children that are no files. Such a folder becomes one only by `appear`. */
  readonly #known = new Set<string>()
  #last = ''

  constructor(rows: Rows) {
    this.#rows = rows
  }

  /**
   * Whether a file surely finds room, as nearly all do: its folder is known to be one, and holds no other. False is no
   * answer.
   */
  hasRoom(path: string, key: string): boolean {
    const folder = this.#folderOf(key)
    return this.#folderOf(path) === folder && this.#known.has(folder) && this.#get(folder).folders === 0
  }

  /** A folder above this name that is a file, by path or by key; `isFile` answers for one name. */
  fileAbove(name: string, isFile: (folder: string) => boolean): string | undefined {
    if (this.#known.has(folderOf(name))) return undefined
    const folders = [...foldersOf(name)].filter((folder) => !this.#known.has(folder))
    const file = folders.find(isFile)
    if (file !== undefined) return file
    if (this.#known.size > KNOWN) this.#known.clear()
    for (const folder of folders) if (this.#get(folder).children > 0) this.#known.add(folder)
    // What a batch saw on the way is not true any more when the batch is taken back.
    this.#rows.onUndo(() => this.#known.clear())
    return undefined
  }

  /** Whether keys that are not gone lie below this name. */
  used(name: string): boolean {
    const folder = folderOf(name)
    if (folder !== '' && this.#get(folder).folders === 0) return false
    return this.#get(name).children > 0
  }

  /** A file of this path appears where keys that go lie below it, or a key that nobody asked `fileAbove` about. */
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
    for (const [folder, known] of this.#changed) {
      const row = named(TABLE.folder, folder)
      const counts = this.#get(folder)
      if (counts.children === 0) this.#rows.remove(row)
      else if (known) this.#rows.put(row, (writer) => writeFolder(writer, counts))
      else this.#rows.insert(row, (writer) => writeFolder(writer, counts))
    }
    this.#changed.clear()
    this.#seen.clear()
  }

  forget(): void {
    this.#changed.clear()
    this.#seen.clear()
    this.#known.clear()
  }

  /** A folder that gets its first child enters its own parent; one that loses its last leaves it. */
  #move(name: string, sign: 1 | -1): void {
    let folders = 0
    for (let folder = this.#folderOf(name); folder !== ''; folder = folderOf(folder)) {
      const before = this.#get(folder)
      const after = { children: before.children + sign, folders: before.folders + folders }
      if (this.#rows.attempting) this.#rows.onUndo(() => this.#seen.set(folder, before))
      this.#seen.set(folder, after)
      if (!this.#changed.has(folder)) this.#changed.set(folder, before.children > 0)
      if (after.children === 0) this.#known.delete(folder)
      if (before.children !== 0 && after.children !== 0) return
      folders = sign
    }
  }

  /** Files come folder by folder: mostly it is that of the name before, a text whose hash is known. */
  #folderOf(name: string): string {
    const last = this.#last
    if (name.lastIndexOf('/') !== last.length || !name.startsWith(last)) this.#last = folderOf(name)
    return this.#last
  }

  #get(folder: string): FolderRow {
    const seen = this.#seen.get(folder)
    if (seen) return seen
    const row = this.#rows.get(named(TABLE.folder, folder), readFolder) ?? EMPTY
    // Outside a transaction nothing would ever forget it.
    if (this.#rows.writing) this.#seen.set(folder, row)
    return row
  }
}

export function folderOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('/')))
}
