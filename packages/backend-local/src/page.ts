import { type ByteText, textOf } from './key-range.ts'
import { changedAt, lookAt } from './look.ts'

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

/** A page in the making. */
export class PageBuilder {
  readonly #columns: PageColumns
  readonly #keys: ByteText[] = []
  #odd = false
  #sizes: Float64Array<ArrayBuffer> | undefined
  #changedAt: Float64Array<ArrayBuffer> | undefined

  constructor(columns: PageColumns) {
    this.#columns = columns
  }

  get count(): number {
    return this.#keys.length
  }

  /** Adds a key. Leaves out one that was deleted since its folder was read, where that is noticed. */
  add(key: ByteText, root: string, odd: boolean): void {
    const { sizes, changedAt: times, keysOfPage } = this.#columns
    if (sizes || times) {
      const stats = lookAt(`${root}/${odd ? textOf(key) : key}`)
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
    this.#keys.push(key)
    this.#odd ||= odd
  }

  /** The page so far; the next one begins. */
  take(): WalkedPage {
    const [lines, count, odd] = [this.#keys.join('\n'), this.count, this.#odd]
    this.#keys.length = 0
    this.#odd = false
    return {
      keys: odd ? textOf(lines) : lines,
      odd,
      ...(this.#sizes && { sizes: this.#sizes.slice(0, count) }),
      ...(this.#changedAt && { changedAt: this.#changedAt.slice(0, count) }),
    }
  }
}
