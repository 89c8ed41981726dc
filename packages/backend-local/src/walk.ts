import { isUtf8 } from 'node:buffer'
import { type Dirent, opendirSync } from 'node:fs'
import { join } from 'node:path'
import { isMissing } from './errno.ts'
import { type ByteText, type KeyBounds, KeyRange, textOf } from './key-range.ts'
import { identityOf, isSameRoot, lookAt, type RootIdentity } from './look.ts'
import { Names } from './names.ts'
import { PageBuilder, type WalkedPage } from './page.ts'

/** Directory entries that are fetched by one system call of a large folder, and read between two pauses. */
const ENTRIES_AT_ONCE = 256

/** How often a folder that changes while it is read is read anew. */
const READ_ATTEMPTS = 10

/** Names that are plainly good, as nearly all are, and of folders whose slash is behind it. */
const PLAIN = /^[\w~=+@,.-]*[\w~=+@,-]\/?$/
/** Longest such name, bytes. */
const LONGEST = 255

/** What a walk must know. Flat data: it crosses threads. */
export interface WalkRequest {
  /** Absolute, without symbolic links. */
  readonly root: string
  readonly identity: RootIdentity
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
    open.push({ folder: start, names: yield* this.#read(start), odd: !/^[\w~=+@,./-]*$/.test(start) })
    for (let top = open.at(-1); top; top = open.at(-1)) {
      const { folder, names } = top
      const name = names.next()
      if (name === undefined) {
        open.pop()
        names.free()
        yield undefined
        continue
      }
      const key = folder + name
      const isOdd = !PLAIN.test(name) || name.length > LONGEST
      if (isOdd && cannotBeText(name)) {
        this.skipped++
        this.example ??= textOf(key)
        continue
      }
      const odd = top.odd || isOdd
      if (name.endsWith('/')) open.push({ folder: key, names: yield* this.#read(key), odd })
      else {
        page.add(key, root, odd || key.length > keyBytes)
        if (page.count === keysOfPage) yield page.take()
      }
    }
    if (page.count > 0) yield page.take()
  }

  /** The wanted names of a folder, in order; none when it was removed since its parent was read. */
  *#read(folder: ByteText): Generator<undefined, Names, undefined> {
    const path = join(this.#request.root, textOf(folder.slice(0, -1)))
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
        const { root, reserved, identity } = this.#request
        if (!isSameRoot(identityOf(root, reserved), identity)) throw error
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
    names.add(isFolder ? `${name}/` : name)
  }
}

/** Keys cross threads as lines of text. */
function cannotBeText(name: ByteText): boolean {
  return name.includes('\n') || !isUtf8(Buffer.from(name, 'latin1'))
}
