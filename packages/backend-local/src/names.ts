import type { ByteText } from './key-range.ts'
import { type NameBytes, PIECE, sortNames } from './sort-names.ts'

/** Ends each name among the bytes; no name holds it. */
const END = 0
/** Most names that are kept as strings, which are sorted and read faster. */
const FEW = 2000

/**
 * The names of one folder. Many are kept as bytes in large pieces of memory, each with the place where it lies: a
 * million names take their bytes and five more each, where strings would take a multiple. A folder's name has a slash
 * behind it, which is how it sorts among keys.
 */
export class Names implements NameBytes {
  readonly pieces: Buffer<ArrayBuffer>[] = []
  starts = new Uint32Array(0)
  count = 0
  readonly #few: ByteText[] = []
  #used = 0
  #next = 0
  #last: ByteText | undefined

  add(name: ByteText): void {
    if (this.count > 0) this.#write(name)
    else if (this.#few.push(name) > FEW) {
      for (const few of this.#few) this.#write(few)
      this.#few.length = 0
    }
  }

  sort(): void {
    this.#few.sort()
    sortNames(this)
  }

  /** The next name, undefined behind the last. A folder that changes while it is read may give a name twice. */
  next(): ByteText | undefined {
    for (;;) {
      const name = this.count > 0 ? this.#read(this.#next++) : this.#few[this.#next++]
      if (name === undefined || name !== this.#last) {
        this.#last = name
        return name
      }
    }
  }

  /** Gives the memory back at once. The collector would do so late: to it these are small objects. */
  free(): void {
    for (const { buffer } of this.pieces.splice(0)) buffer.transfer(0)
    this.starts.buffer.transfer(0)
    this.#few.length = 0
    this.count = 0
  }

  #read(index: number): ByteText | undefined {
    if (index >= this.count) return undefined
    const start = this.starts[index] ?? 0
    const piece = this.pieces[Math.floor(start / PIECE)]
    const from = start % PIECE
    return piece?.toString('latin1', from, piece.indexOf(END, from))
  }

  #write(name: ByteText): void {
    let piece = this.pieces.at(-1)
    if (!piece || this.#used + name.length >= PIECE) {
      piece = Buffer.from(new ArrayBuffer(PIECE))
      this.pieces.push(piece)
      this.#used = 0
    }
    if (this.count === this.starts.length) {
      // Transferred, not copied, for the same reason.
      const { buffer, byteLength } = this.starts
      this.starts = new Uint32Array(buffer.transfer(Math.max(byteLength * 2, 4 * FEW * 2)))
    }
    this.starts[this.count++] = (this.pieces.length - 1) * PIECE + this.#used
    this.#used += piece.write(name, this.#used, 'latin1')
    piece[this.#used++] = END
  }
}
