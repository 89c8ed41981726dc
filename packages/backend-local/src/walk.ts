import { isUtf8 } from 'node:buffer'
import { type Dirent, opendirSync } from 'node:fs'
import { RESERVED_FOLDER } from '@holdfast/core'
import { isMissing } from './errors.ts'
import { type ByteText, type KeyRange, textOf } from './key-range.ts'
import { keyProblem } from './keys.ts'
import type { LocalStore } from './root.ts'

/** Directory entries that are fetched by one system call of a large folder. */
const ENTRIES_AT_ONCE = 256

interface OpenFolder {
  /** With its slash; empty for the root. */
  readonly folder: ByteText
  /** Names in reverse order, those of folders with a slash: the next one is popped. */
  readonly names: ByteText[]
}

/**
 * Goes through the folders depth first, in the order of whole keys. It holds the names of the folders between the
 * root and the present key, never the tree.
 */
export class Walk {
  /** Names that were left out because they cannot be keys. */
  skipped = 0
  /** The first of them. */
  example: string | undefined
  readonly #store: LocalStore
  readonly #range: KeyRange

  constructor(store: LocalStore, range: KeyRange) {
    this.#store = store
    this.#range = range
  }

  /** The keys of the range; undefined after each folder, so that a caller can pause where nothing is found. */
  *keys(): Generator<string | undefined, void, undefined> {
    const start = this.#range.folder
    if (!this.#canEnter(start)) return
    const open: OpenFolder[] = [{ folder: start, names: this.#read(start) }]
    for (let top = open.at(-1); top; top = open.at(-1)) {
      const name = top.names.pop()
      if (name === undefined) {
        open.pop()
        yield undefined
      } else if (name.endsWith('/')) {
        const folder = top.folder + name
        open.push({ folder, names: this.#read(folder) })
      } else yield textOf(top.folder + name)
    }
  }

  /** The folder of a prefix is entered without its parents being listed: it may be no key's, or behind a link. */
  #canEnter(folder: ByteText): boolean {
    if (folder === '') return true
    const probe = `${textOf(folder)}-`
    if (keyProblem(probe) !== undefined || probe.startsWith(`${RESERVED_FOLDER}/`)) return false
    try {
      return this.#store.folders.hold(probe, { operation: 'list' })
    } catch {
      return false
    }
  }

  #read(folder: ByteText): ByteText[] {
    const names: ByteText[] = []
    try {
      const encoding = 'buffer' as BufferEncoding
      const handle = opendirSync(this.#store.path(textOf(folder)), { encoding, bufferSize: ENTRIES_AT_ONCE })
      try {
        for (let entry = handle.readSync(); entry; entry = handle.readSync()) {
          const name = this.#wanted(folder, entry as unknown as Dirent<Buffer>)
          if (name !== undefined) names.push(name)
        }
      } finally {
        handle.closeSync()
      }
    } catch (error) {
      // Emptied and removed since its parent was read.
      if (folder === '' || !isMissing(error)) throw error
    }
    // A folder that changes while it is read may give a name twice.
    return names
      .sort()
      .reverse()
      .filter((name, index) => name !== names[index - 1])
  }

  #wanted(folder: ByteText, entry: Dirent<Buffer>): ByteText | undefined {
    const isFolder = entry.isDirectory()
    // Links, sockets and devices are no objects.
    if (!isFolder && !entry.isFile()) return undefined
    const bytes = folder + entry.name.toString('latin1')
    if (isFolder ? !this.#range.meets(`${bytes}/`) : !this.#range.has(bytes)) return undefined
    if (bytes === RESERVED_FOLDER) return undefined
    if (!isUtf8(entry.name) || keyProblem(textOf(bytes)) !== undefined) {
      this.skipped++
      this.example ??= textOf(bytes)
      return undefined
    }
    return bytes.slice(folder.length) + (isFolder ? '/' : '')
  }
}
