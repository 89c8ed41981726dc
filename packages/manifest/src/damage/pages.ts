import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** LMDB's own layout of its file, data version 2, little-endian. */
const MAGIC = 0xbeefc0de
const DATA_VERSION = 2
const HEADER = 24
const PAGE = { branch: 1, leaf: 2, overflow: 4, meta: 8 } as const
const BIG_DATA = 1
const NO_ROOT = 0xffff_ffff_ffff_ffffn
const DEEPEST = 32

interface Tree {
  readonly name: 'free' | 'rows'
  readonly flags: number
  readonly depth: number
  readonly entries: number
  readonly root: number | undefined
}
interface Meta {
  readonly pageSize: number
  readonly lastPage: number
  readonly transaction: bigint
  readonly free: Tree
  readonly rows: Tree
}

class Damaged extends Error {}

/**
 * Looks at every page of an LMDB file that its newest state stands on, and at the list of free ones, without LMDB: a
 * page that is damaged can end a process that reads it, and a damaged list of free pages makes the next commit write
 * over rows. Gives what is wrong, or undefined.
 */
export function pageProblem(file: string): string | undefined {
  const fd = openSync(file, 'r')
  try {
    new Pages(fd).check()
    return undefined
  } catch (error) {
    if (error instanceof Damaged) return error.message
    throw error
  } finally {
    closeSync(fd)
  }
}

class Pages {
  readonly #fd: number
  readonly #size: number
  #pageSize = 4096
  #lastPage = 1
  /** One byte a page: whether it is in use or free; either only once. */
  #taken = new Uint8Array(2)

  constructor(fd: number) {
    this.#fd = fd
    this.#size = fstatSync(fd).size
  }

  check(): void {
    const first = this.#meta(0)
    this.#pageSize = first.pageSize
    const second = this.#meta(1)
    const { lastPage, rows, free } = first.transaction > second.transaction ? first : second
    if (second.pageSize !== first.pageSize)
      throw new Damaged('its two heads disagree about the size of pages')
    this.#lastPage = lastPage
    // The file may end before pages that are free, and a head that says too much would cost memory without end.
    if (lastPage > 2 * (this.#size / this.#pageSize) + 1_000_000)
      throw new Damaged(`its head speaks of ${lastPage} pages, which the file does not have`)
    this.#taken = new Uint8Array(lastPage + 1)
    this.#taken.fill(1, 0, 2)
    this.#tree(rows)
    this.#tree(free)
  }

  #meta(number: 0 | 1): Meta {
    const page = this.#read(number, 1)
    const tree = (name: Tree['name'], at: number): Tree => {
      const root = page.readBigUInt64LE(at + 40)
      return {
        name,
        flags: page.readUInt16LE(at + 4),
        depth: page.readUInt16LE(at + 6),
        entries: Number(page.readBigUInt64LE(at + 32)),
        root: root === NO_ROOT ? undefined : Number(root),
      }
    }
    const meta = {
      pageSize: page.readUInt32LE(HEADER + 24),
      lastPage: Number(page.readBigUInt64LE(HEADER + 120)),
      transaction: page.readBigUInt64LE(HEADER + 128),
      free: tree('free', HEADER + 24),
      rows: tree('rows', HEADER + 72),
    }
    const { pageSize } = meta
    if (
      page.readUInt16LE(18) !== PAGE.meta ||
      page.readUInt32LE(HEADER) !== MAGIC ||
      page.readUInt32LE(HEADER + 4) !== DATA_VERSION ||
      page.readBigUInt64LE(HEADER + 8) !== 0n ||
      pageSize < 512 ||
      pageSize > 65_536 ||
      (pageSize & (pageSize - 1)) !== 0 ||
      meta.rows.flags !== 0 ||
      page.readBigUInt64LE(HEADER + 16) < BigInt(meta.lastPage) * BigInt(pageSize)
    )
      throw new Damaged(`head ${number} is damaged`)
    return meta
  }

  #tree(tree: Tree): void {
    if (tree.root === undefined) {
      if (tree.entries !== 0) throw new Damaged(`the tree of ${tree.name} pages has lost its root`)
      return
    }
    const walk: Walk = { tree, entries: 0, last: undefined }
    this.#node(tree.root, 1, walk)
    if (walk.entries !== tree.entries)
      throw new Damaged(`the tree of ${tree.name} has ${walk.entries} entries, not ${tree.entries}`)
  }

  #node(number: number, depth: number, walk: Walk): void {
    const { tree } = walk
    if (depth > Math.min(tree.depth, DEEPEST)) throw new Damaged(`page ${number} lies too deep`)
    const page = this.#take(number, 1, depth === tree.depth ? PAGE.leaf : PAGE.branch)
    const [lower, upper] = [page.readUInt16LE(20), page.readUInt16LE(22)]
    if (lower % 2 !== 0 || lower > upper || upper > this.#pageSize - HEADER)
      throw new Damaged(`page ${number} has room that it cannot have`)
    const count = lower >> 1
    if (count === 0) throw new Damaged(`page ${number} is empty`)
    for (let index = 0; index < count; index++) {
      const at = page.readUInt16LE(HEADER + index * 2) + HEADER
      if (at < HEADER + upper || at + 8 > this.#pageSize)
        throw new Damaged(`node ${index} of page ${number} lies outside`)
      const keyEnd = at + 8 + page.readUInt16LE(at + 6)
      if (keyEnd > this.#pageSize)
        throw new Damaged(`node ${index} of page ${number} has a key that lies outside`)
      const key = page.subarray(at + 8, keyEnd)
      if (depth < tree.depth) {
        const child =
          page.readUInt16LE(at) + page.readUInt16LE(at + 2) * 2 ** 16 + page.readUInt16LE(at + 4) * 2 ** 32
        // The first key of a branch stands for everything before the second.
        const bound = index === 0 ? undefined : Buffer.from(key)
        if (bound && walk.last && compare(tree, walk.last, bound) >= 0)
          throw new Damaged(`the keys of page ${number} are out of order`)
        const before = walk.last
        this.#node(child, depth + 1, walk)
        if (bound && before === walk.last) throw new Damaged(`page ${child} has no entries`)
        if (bound && walk.first && compare(tree, bound, walk.first) > 0)
          throw new Damaged(`page ${child} has keys that belong before it`)
        continue
      }
      if (walk.last && compare(tree, walk.last, key) >= 0)
        throw new Damaged(`the keys of page ${number} are out of order`)
      if (index === 0) walk.first = Buffer.from(key)
      walk.last = Buffer.from(key)
      walk.entries++
      this.#data(page, at, keyEnd, tree, number)
    }
  }

  #data(page: Buffer, at: number, keyEnd: number, tree: Tree, number: number): void {
    const [flags, size] = [page.readUInt16LE(at + 4), page.readUInt32LE(at)]
    const isBig = flags === BIG_DATA
    if (flags !== 0 && !isBig) throw new Damaged(`a node of page ${number} is of no known kind`)
    if (keyEnd + (isBig ? 24 : size) > this.#pageSize)
      throw new Damaged(`a value of page ${number} lies outside`)
    let value = page.subarray(keyEnd, keyEnd + size)
    if (isBig) {
      const [start, pages] = [Number(page.readBigUInt64LE(keyEnd)), Number(page.readBigUInt64LE(keyEnd + 16))]
      // A value that became shorter keeps its pages.
      if (pages < Math.ceil((HEADER + size) / this.#pageSize))
        throw new Damaged(`a value of page ${number} is cut off`)
      value = this.#take(start, pages, PAGE.overflow).subarray(HEADER, HEADER + size)
    }
    if (tree.name === 'free') this.#free(value)
  }

  /** A list of free pages: their count, then page numbers; a negative number before one is the length of a block. */
  #free(list: Buffer): void {
    if (list.length < 8 || list.length % 8 !== 0) throw new Damaged('a list of free pages is cut off')
    const count = Number(list.readBigUInt64LE(0))
    if ((count + 1) * 8 > list.length) throw new Damaged('a list of free pages is longer than its value')
    for (let index = 1; index <= count; index++) {
      const entry = Number(list.readBigInt64LE(index * 8))
      if (entry === 0) continue
      if (entry > 0) this.#claim(entry, 1)
      else if (++index <= count) this.#claim(Number(list.readBigInt64LE(index * 8)), -entry)
      else throw new Damaged('a list of free pages ends within a block')
    }
  }

  #claim(start: number, pages: number): void {
    if (!(start >= 2 && pages >= 1 && start + pages - 1 <= this.#lastPage))
      throw new Damaged(`page ${start} is not one of this file`)
    for (let number = start; number < start + pages; number++) {
      if (this.#taken[number] === 1) throw new Damaged(`page ${number} stands in two places`)
      this.#taken[number] = 1
    }
  }

  #take(number: number, pages: number, kind: number): Buffer {
    this.#claim(number, pages)
    const page = this.#read(number, pages)
    if (Number(page.readBigUInt64LE(0)) !== number || page.readUInt16LE(18) !== kind)
      throw new Damaged(`page ${number} is not what it should be`)
    return page
  }

  #read(number: number, pages: number): Buffer {
    const page = Buffer.allocUnsafe(pages * this.#pageSize)
    const read = readSync(this.#fd, page, 0, page.length, number * this.#pageSize)
    if (read < page.length) throw new Damaged(`the file ends before page ${number + pages - 1}`)
    return page
  }
}

interface Walk {
  readonly tree: Tree
  entries: number
  /** The first key of the leaf that was read last. */
  first?: Buffer
  /** The last key so far. */
  last: Buffer | undefined
}

/** Rows lie in the order of bytes, free pages in that of the transactions that freed them. */
function compare({ name }: Tree, a: Buffer, b: Buffer): number {
  if (name === 'rows') return Buffer.compare(a, b)
  const [x, y] = [a.readBigUInt64LE(0), b.readBigUInt64LE(0)]
  return x < y ? -1 : x > y ? 1 : 0
}
