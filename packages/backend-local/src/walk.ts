import { isUtf8 } from 'node:buffer'
import { type Dirent, opendirSync } from 'node:fs'
import { isMissing } from './errno.ts'
import { type ByteText, type KeyBounds, KeyRange, textOf } from './key-range.ts'
import { type FolderIdentity, identityOf, isSameFolder, lookAt } from './look.ts'
import { Names } from './names.ts'
import { PageBuilder, type WalkedPage } from './page.ts'

/** Directory entries that are fetched by one system call of a large folder, and read between two pauses. */
const ENTRIES_AT_ONCE = 256

/** How often a folder that changes while it is read is read anew. */
const READ_ATTEMPTS = 10

/** What a walk must know. Flat data: it crosses threads. */
export interface WalkRequest {
  /** Absolute, without symbolic links. */
  readonly root: string
  readonly identity: FolderIdentity
  readonly bounds: KeyBounds
  readonly sizes: boolean
  readonly changedAt: boolean
  /** A folder of the root that holds no keys. */
  readonly reserved: string
  readonly keysOfPage: number
  /** Longer keys must be judged by the rules for keys. */
  readonly keyBytes: number
}

/** Names that were left out. */
export interface WalkSkips {
  readonly skipped: number
  /** The first of them. */
  readonly example?: string | undefined
}

interface OpenFolder {
  /** With its slash; empty for the root. */
  readonly folder: ByteText
  readonly path: string
  readonly names: Names
  /** Whether keys in it must be judged by the rules for keys. */
  readonly odd: boolean
}

/**
 * Goes through the folders depth first, in the order of whole keys, with synchronous calls. It holds the names of the
 * folders between the root and the present key, never the tree. It imports nothing of the kernel, so that the thread
 * that it runs in starts fast: what the rules for keys must judge is marked, and left to the other side.
 */
export class Walk implements WalkSkips {
  /** Names that were left out because they are not UTF-8 or hold a line feed. */
  skipped = 0
  /** The first of them. */
  example: string | undefined
  /** Entries and folders that were looked at. */
  steps = 0
  readonly #request: WalkRequest
  readonly #range: KeyRange

  constructor(request: WalkRequest) {
    this.#request = request
    this.#range = new KeyRange(request.bounds)
  }

  /** The pages of the range; undefined where a caller can pause though no page is full. */
  *pages(): Generator<WalkedPage | undefined, void, undefined> {
    const open: OpenFolder[] = []
    try {
      yield* this.#pages(open)
    } finally {
      for (const { names } of open) names.free()
    }
  }

  *#pages(open: OpenFolder[]): Generator<WalkedPage | undefined, void, undefined> {
    const { root, keysOfPage, keyBytes } = this.#request
    const page = new PageBuilder(this.#request)
    const start = this.#range.folder
    const first = start === '' ? root : `${root}/${textOf(start.slice(0, -1))}`
    open.push({ folder: start, path: first, names: yield* this.#read(start, first), odd: false })
    for (let top = open.at(-1); top; top = open.at(-1)) {
      const { folder, path, names } = top
      const odd = top.odd || names.odd
      if (!names.next()) {
        open.pop()
        names.free()
        yield undefined
      } else if (names.isFolder()) {
        const below = `${path}/${names.text()}`
        const name = folder + latin1(names)
        open.push({ folder: name, path: below, names: yield* this.#read(name, below), odd })
      } else {
        page.add(folder, names, path, odd || folder.length + names.end - names.start > keyBytes)
        if (page.count === keysOfPage) yield page.take()
      }
    }
    if (page.count > 0) yield page.take()
  }

  /** The wanted names of a folder, in order; none when it was removed since its parent was read. */
  *#read(folder: ByteText, path: string): Generator<undefined, Names, undefined> {
    this.steps++
    for (let attempt = 1; ; attempt++) {
      try {
        const names = yield* this.#names(folder, path, attempt)
        names.sort()
        return names
      } catch (error) {
        if (!isMissing(error) || attempt === READ_ATTEMPTS) throw error
        // What is missing may be one entry, on file systems whose folders do not tell the types: then names are lost.
        if (lookAt(path)?.isDirectory()) continue
        // Under a root that is gone every folder is missing.
        if (!isSameFolder(identityOf(this.#request.root), this.#request.identity)) throw error
        return new Names()
      }
    }
  }

  *#names(folder: ByteText, path: string, attempt: number): Generator<undefined, Names, undefined> {
    const names = new Names()
    const isWhole = this.#range.covers(folder)
    // As bytes only where Node must look at the entries itself: it would take latin1 for their name.
    const encoding = (attempt === 1 ? 'latin1' : 'buffer') as BufferEncoding
    const handle = opendirSync(path, { encoding, bufferSize: ENTRIES_AT_ONCE })
    try {
      for (let entry = handle.readSync(); entry; entry = handle.readSync()) {
        this.#add(names, folder, isWhole, entry as Dirent<string | Buffer>)
        if (++this.steps % ENTRIES_AT_ONCE === 0) yield undefined
      }
    } finally {
      handle.closeSync()
    }
    return names
  }

  #add(names: Names, folder: ByteText, isWhole: boolean, entry: Dirent<string | Buffer>): void {
    const isFolder = entry.isDirectory()
    // Links, sockets and devices are no objects.
    if (!isFolder && !entry.isFile()) return
    const name = typeof entry.name === 'string' ? entry.name : entry.name.toString('latin1')
    if (!isWhole) {
      const key = folder + name
      if (isFolder ? !this.#range.meets(`${key}/`) : !this.#range.has(key)) return
      if (key === this.#request.reserved) return
    }
    if (cannotBeText(name)) {
      this.skipped++
      this.example ??= textOf(folder + name)
      return
    }
    names.add(name, isFolder)
  }
}

/** Keys cross threads as lines of text. */
function cannotBeText(name: ByteText): boolean {
  if (!/[\n\u0080-\u00ff]/.test(name)) return false
  return name.includes('\n') || !isUtf8(Buffer.from(name, 'latin1'))
}

function latin1({ bytes, start, end }: Names): ByteText {
  return Buffer.from(bytes.buffer, start, end - start).toString('latin1')
}
