import { type FilePath, foldersOf, type StorageKey } from '@holdfast/core'
import type { ByteReader, ByteWriter } from '../format/bytes.ts'
import { named, TABLE } from '../format/rows.ts'
import type { Rows } from './rows.ts'

/** Folders that are known to be no file; bounds memory, not correctness. */
const KNOWN = 10_000
const SLASH = 0x2f

/** What is directly in a folder and not gone. */
export interface FolderRow {
  /** Keys and folders. */
  readonly children: number
  /** The folders among them. */
  readonly folders: number
}

/** A folder's row during a transaction. */
interface Counted {
  children: number
  folders: number
  /** Whether there was a row before. */
  readonly stored: boolean
  changed: boolean
}

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
  readonly #seen = new Map<string, Counted>()
  /** Folders with children that are no files. Such a folder becomes one only by `appear`. */
  readonly #known = new Set<string>()
  /** The folder of the name that `fileAbove` was asked about last, if no file is above: known with its first child. */
  #asked: string | undefined
  /** The name that was asked about last, its folder, and that folder's row once it is seen. */
  #name = ''
  #folder = ''
  #counts: Counted | undefined

  constructor(rows: Rows) {
    this.#rows = rows
  }

  /**
   * Whether a file surely finds room, as nearly all do: its folder is known to be one, and holds no other. False is no
   * answer.
   */
  hasRoom(path: string, key: string): boolean {
    const folder = this.#folderOf(path)
    return this.#folderOf(key) === folder && this.#known.has(folder) && this.#get(folder).folders === 0
  }

  /** A folder above this name that is a file, by path or by key; `isFile` answers for one name. */
  fileAbove(name: string, isFile: (folder: string) => boolean): string | undefined {
    const direct = folderOf(name)
    this.#asked = undefined
    if (this.#known.has(direct)) return undefined
    const folders = [...foldersOf(name)].filter((folder) => !this.#known.has(folder))
    const file = folders.find((folder) => !this.#holdsFoldersOnly(folderOf(folder)) && isFile(folder))
    if (file !== undefined) return file
    if (this.#known.size > KNOWN) this.#known.clear()
    for (const folder of folders) if (this.#get(folder).children > 0) this.#known.add(folder)
    this.#asked = direct
    // What a batch saw on the way is not true any more when the batch is taken back.
    this.#rows.onUndo(() => this.#distrust())
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
    if (this.#known.has(name)) this.#distrust()
  }

  /** A key that was unknown is so no more. */
  enter(key: StorageKey): void {
    this.#move(key, 1)
    const folder = this.#folderOf(key)
    if (folder !== '' && folder === this.#asked) this.#known.add(folder)
    this.#asked = undefined
  }

  /** A key is gone. */
  leave(key: StorageKey): void {
    this.#move(key, -1)
  }

  flush(): void {
    for (const [folder, counts] of this.#seen) {
      if (!counts.changed) continue
      const row = named(TABLE.folder, folder)
      if (counts.children === 0) this.#rows.remove(row)
      else if (counts.stored) this.#rows.put(row, (writer) => writeFolder(writer, counts))
      else this.#rows.insert(row, (writer) => writeFolder(writer, counts))
    }
    this.#unsee()
  }

  forget(): void {
    this.#unsee()
    this.#distrust()
  }

  /** A folder that gets its first child enters its own parent; one that loses its last leaves it. */
  #move(name: string, sign: 1 | -1): void {
    let folders = 0
    for (let folder = this.#folderOf(name); folder !== ''; folder = folderOf(folder)) {
      const counts = this.#get(folder)
      const { children } = counts
      const here = folders
      if (this.#rows.attempting)
        this.#rows.onUndo(() => {
          counts.children -= sign
          counts.folders -= here
        })
      counts.children += sign
      counts.folders += folders
      counts.changed = true
      if (counts.children === 0) this.#known.delete(folder)
      if (children !== 0 && counts.children !== 0) return
      folders = sign
    }
  }

  /** Then no name in it is a file: a file's key lies in the folder of its path, which counts it. */
  #holdsFoldersOnly(folder: string): boolean {
    if (folder === '') return false
    const { children, folders } = this.#get(folder)
    return children === folders
  }

  /** What the rows said is not asked for any more. */
  #unsee(): void {
    this.#seen.clear()
    this.#counts = undefined
  }

  /** No folder is known to be one any more. */
  #distrust(): void {
    this.#known.clear()
    this.#asked = undefined
  }

  /** Files come folder by folder, and are asked about more than once: mostly the folder is that of the name before. */
  #folderOf(name: string): string {
    if (name === this.#name) return this.#folder
    const last = this.#folder.length
    const same =
      name.charCodeAt(last) === SLASH && !name.includes('/', last + 1) && name.startsWith(this.#folder)
    // One text for all names of a folder: its hash is known.
    if (!same) {
      this.#folder = folderOf(name)
      this.#counts = undefined
    }
    this.#name = name
    return this.#folder
  }

  #get(folder: string): Counted {
    const isLast = folder === this.#folder
    const seen = (isLast ? this.#counts : undefined) ?? this.#seen.get(folder)
    if (seen) {
      if (isLast) this.#counts = seen
      return seen
    }
    const row = this.#rows.get(named(TABLE.folder, folder), readFolder)
    const counts = {
      children: row?.children ?? 0,
      folders: row?.folders ?? 0,
      stored: row !== undefined,
      changed: false,
    }
    // Outside a transaction nothing would ever forget it.
    if (this.#rows.writing) this.#seen.set(folder, counts)
    return counts
  }
}

export function folderOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('/')))
}
