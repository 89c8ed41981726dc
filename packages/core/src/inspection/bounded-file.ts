import { HoldfastError, isHoldfastError } from '../errors.ts'
import type { InspectedFile } from '../hooks/events.ts'
import type { Entry } from '../manifest/entry.ts'
import type { Storage } from '../storage/storage.ts'

/** Bytes that the taps of `inspectFile` may read of one file, all together. */
export const INSPECT_BYTES = 32 * 1024 * 1024

/**
 * A listed file as a tap of `inspectFile` sees it: some of its bytes, for as long as the question is open. Whether they
 * are still those that were listed is looked at before the first of them.
 */
export class BoundedFile {
  readonly face: InspectedFile
  /** What the store answered in place of bytes. Whatever a tap made of that is worth nothing. */
  failure: HoldfastError | undefined
  readonly #entry: Entry
  readonly #storage: Storage
  readonly #closing = new AbortController()
  #left = INSPECT_BYTES
  #asListed: Promise<void> | undefined

  constructor(entry: Entry, storage: Storage) {
    this.#entry = entry
    this.#storage = storage
    const { path, namespace, size } = entry
    const read = (range: { readonly start: number; readonly end: number }) => this.#read(range)
    this.face = Object.freeze({ path, namespace, size, read })
  }

  /** Ends reads that are under way, and refuses later ones: of a tap that does not know when it is over. */
  close(reason: unknown): void {
    this.#closing.abort(reason)
  }

  async #read(range: { readonly start: number; readonly end: number }): Promise<Uint8Array> {
    const { start, end } = range ?? {}
    const { path, size } = this.#entry
    if (
      !(Number.isSafeInteger(start) && Number.isSafeInteger(end) && 0 <= start && start <= end && end <= size)
    )
      throw new TypeError(`a range from ${start} to ${end} is not within the ${size} bytes of ${path}`)
    if (end - start > this.#left)
      throw new TypeError(
        `more than ${INSPECT_BYTES} bytes of ${path} are asked for; read less, or answer undefined`,
      )
    this.#left -= end - start
    this.#closing.signal.throwIfAborted()
    if (start === end) return new Uint8Array()
    try {
      this.#asListed ??= this.#mustBeAsListed()
      await this.#asListed
      return await this.#bytes(start, end)
    } catch (error) {
      if (isHoldfastError(error) && !this.#closing.signal.aborted) this.failure ??= error
      throw error
    }
  }

  async #bytes(start: number, end: number): Promise<Uint8Array> {
    const { key, version } = this.#entry
    const ifVersion = this.#storage.capabilities.readIfVersion ? version : undefined
    const { signal } = this.#closing
    const options = { range: { start, end }, signal, ...(ifVersion !== undefined && { ifVersion }) }
    const bytes = new Uint8Array(end - start)
    let at = 0
    for await (const piece of await this.#storage.read(key, options)) {
      if (at + piece.length > bytes.length)
        throw this.#corrupt('the store gives more bytes than it was asked for')
      bytes.set(piece, at)
      at += piece.length
    }
    if (at < bytes.length) throw this.#corrupt('the store gives fewer bytes than it was asked for')
    return bytes
  }

  async #mustBeAsListed(): Promise<void> {
    const { path, key, size, version, changedAt } = this.#entry
    const found = await this.#storage.stat(key, { signal: this.#closing.signal })
    if (!found)
      throw new HoldfastError('HF_BYTES_MISSING', `the bytes of ${path} are not in the store`, {
        operation: 'inspectFile',
        context: { path, key },
      })
    if (found.size !== size) throw this.#corrupt('the size is another')
    if (version !== undefined && found.version !== undefined && found.version !== version)
      throw this.#corrupt('the version is another')
    // A minted key is used once; what was taken over as it was may have been written over.
    if (String(key) === path && changedAt !== undefined && found.changedAt !== changedAt)
      throw this.#corrupt('they were changed at another time')
  }

  #corrupt(why: string): HoldfastError {
    const { path, key } = this.#entry
    return new HoldfastError(
      'HF_BYTES_CORRUPT',
      `the bytes of ${path} are not those that were written: ${why}`,
      {
        operation: 'inspectFile',
        context: { path, key },
      },
    )
  }
}
