import type { ListOptions } from '@holdfast/core'

export type KeyBounds = Pick<ListOptions, 'prefix' | 'after' | 'until'>

/**
 * A name or key with one character for each byte of its UTF-8 (Latin-1). V8 keeps it in as many bytes, and its own
 * `<` and `sort` order it by bytes, which is the order of listings.
 */
export type ByteText = string

export function bytesOf(text: string): ByteText {
  return Buffer.from(text).toString('latin1')
}

/** The text of bytes that are known to be UTF-8. */
export function textOf(bytes: ByteText): string {
  return Buffer.from(bytes, 'latin1').toString()
}

/** Which keys a listing wants, and so which folders can hold some. */
export class KeyRange {
  readonly #prefix: ByteText
  readonly #after: ByteText | undefined
  readonly #until: ByteText | undefined

  constructor({ prefix = '', after, until }: KeyBounds) {
    this.#prefix = bytesOf(prefix)
    this.#after = after === undefined ? undefined : bytesOf(after)
    this.#until = until === undefined ? undefined : bytesOf(until)
  }

  /** The lowest folder that all keys of the range lie in, with its slash; empty for the root. */
  get folder(): ByteText {
    return this.#prefix.slice(0, this.#prefix.lastIndexOf('/') + 1)
  }

  /** Whether all keys below a folder, given with its slash, are wanted. Never the root: it holds what is no key. */
  covers(folder: ByteText): boolean {
    return (
      folder !== '' &&
      folder.startsWith(this.#prefix) &&
      (this.#after === undefined || folder > this.#after) &&
      (this.#until === undefined || (folder < this.#until && !this.#until.startsWith(folder)))
    )
  }

  has(key: ByteText): boolean {
    return (
      key.startsWith(this.#prefix) &&
      (this.#after === undefined || key > this.#after) &&
      (this.#until === undefined || key < this.#until)
    )
  }

  /** Whether keys of the range may lie in a folder below {@link folder}, given with its slash. */
  meets(folder: ByteText): boolean {
    return (
      folder.startsWith(this.#prefix) &&
      // Every key of the folder begins with it: those sort after it, but not after all that begins likewise.
      (this.#after === undefined || folder > this.#after || this.#after.startsWith(folder)) &&
      (this.#until === undefined || folder < this.#until)
    )
  }
}
