import { isUtf8 } from 'node:buffer'
import { type Dirent, opendirSync } from 'node:fs'
import { isHoldfastError, RESERVED_FOLDER } from '@holdfast/core'
import { isMissing } from './errors.ts'
import { type ByteText, type KeyRange, textOf } from './key-range.ts'
import { keyProblem } from './keys.ts'
import type { LocalStore } from './root.ts'
import { lookAt } from './stat.ts'

/** Directory entries that are fetched by one system call of a large folder. */
const ENTRIES_AT_ONCE = 256

/** How often a folder that changes while it is read is read anew. */
const READ_ATTEMPTS = 10

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
      // A folder that changes while it is read may give a name twice.
      if (name !== undefined && name === top.names.at(-1)) continue
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
    } catch (error) {
      // Behind a link. Anything else, such as a failing disk, must not look like an empty folder.
      if (isHoldfastError(error) && error.kind === 'invalid') return false
      throw error
    }
  }

  /** The wanted names of a folder, in reverse order; none when it was removed since its parent was read. */
  #read(folder: ByteText): ByteText[] {
    const path = this.#store.path(textOf(folder))
    for (let attempt = 1; ; attempt++) {
      try {
        return this.#names(folder, path).sort().reverse()
      } catch (error) {
        if (!isMissing(error) || attempt === READ_ATTEMPTS) throw error
        // What is missing may be one entry, on file systems whose folders do not tell the types: then names are lost.
        if (!lookAt(path)?.isDirectory()) return []
      }
    }
  }

  #names(folder: ByteText, path: string): ByteText[] {
    const names: ByteText[] = []
    const encoding = 'buffer' as BufferEncoding
    const handle = opendirSync(path, { encoding, bufferSize: ENTRIES_AT_ONCE })
    try {
      for (let entry = handle.readSync(); entry; entry = handle.readSync()) {
        const name = this.#wanted(folder, entry as unknown as Dirent<Buffer>)
        if (name !== undefined) names.push(name)
      }
    } finally {
      handle.closeSync()
    }
    return names
  }

  #wanted(folder: ByteText, entry: Dirent<Buffer>): ByteText | undefined {
    const isFolder = entry.isDirectory()
    // Links, sockets and devices are no objects.
    if (!isFolder && !entry.isFile()) return undefined
    const name = entry.name.toString('latin1')
    const bytes = folder + name
    if (isFolder ? !this.#range.meets(`${bytes}/`) : !this.#range.has(bytes)) return undefined
    if (bytes === RESERVED_FOLDER) return undefined
    if (!isUtf8(entry.name) || keyProblem(textOf(bytes)) !== undefined) {
      this.skipped++
      this.example ??= textOf(bytes)
      return undefined
    }
    return isFolder ? `${name}/` : name
  }
}
