import type { ByteText } from './key-range.ts'
import { changedAt, lookAt } from './look.ts'
import type { Names } from './names.ts'

/** A page of a walk, as it crosses threads. */
export interface WalkedPage {
  /** One a line: no key holds a line feed. */
  readonly keys: string
  /** Whether the rules for keys have to judge them. */
  readonly odd: boolean
  /** Bytes. */
  readonly sizes?: Float64Array
  /** Ms since 1970 UTC. */
  readonly changedAt?: Float64Array
}

export interface PageColumns {
  readonly sizes: boolean
  readonly changedAt: boolean
  readonly keysOfPage: number
}

const LINE_FEED = 0x0a

/** A page in the making: the bytes of its keys in one buffer, numbers in typed arrays. */
export class PageBuilder {
  count = 0
  readonly #columns: PageColumns
  #bytes = new Uint8Array(65_536)
  #used = 0
  #odd = false
  #sizes: Float64Array<ArrayBuffer> | undefined
  #changedAt: Float64Array<ArrayBuffer> | undefined

  constructor(columns: PageColumns) {
    this.#columns = columns
  }

  /** Adds the present name. Leaves out a key that was deleted since its folder was read, where that is noticed. */
  add(folder: ByteText, names: Names, path: string, odd: boolean): void {
    const { sizes, changedAt: times, keysOfPage } = this.#columns
    if (sizes || times) {
      const stats = lookAt(`${path}/${names.text()}`)
      if (!stats?.isFile()) return
      if (sizes) {
        this.#sizes ??= new Float64Array(keysOfPage)
        this.#sizes[this.count] = stats.size
      }
      if (times) {
        this.#changedAt ??= new Float64Array(keysOfPage)
        this.#changedAt[this.count] = changedAt(stats)
      }
    }
    this.#append(folder, names)
    this.count++
    this.#odd ||= odd
  }

  /** The page so far; the next one begins. */
  take(): WalkedPage {
    const keys = Buffer.from(this.#bytes.buffer, 0, this.#used - 1).toString()
    const page: WalkedPage = {
      keys,
      odd: this.#odd,
      ...(this.#sizes && { sizes: this.#sizes.slice(0, this.count) }),
      ...(this.#changedAt && { changedAt: this.#changedAt.slice(0, this.count) }),
    }
    this.count = 0
    this.#used = 0
    this.#odd = false
    return page
  }

  // Byte by byte: for names of this length that is faster than a call for each.
  #append(folder: ByteText, { bytes: from, start, end }: Names): void {
    const most = folder.length + end - start + 1
    if (this.#used + most > this.#bytes.length) {
      const bytes = new Uint8Array(Math.max(this.#bytes.length * 2, this.#used + most))
      bytes.set(this.#bytes)
      this.#bytes = bytes
    }
    const to = this.#bytes
    let at = this.#used
    for (let i = 0; i < folder.length; i++) to[at++] = folder.charCodeAt(i)
    for (let i = start; i < end; i++) to[at++] = from[i] ?? 0
    to[at++] = LINE_FEED
    this.#used = at
  }
}
