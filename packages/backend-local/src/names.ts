import type { ByteText } from './key-range.ts'
import { type NameBytes, sortNames } from './sort-names.ts'

const SLASH = 0x2f
const DOT = 0x2e
/** Ends each name; no name holds it. */
const END = 0
/** Size of a full piece of memory, and of the first one at its beginning. Bytes. */
const PIECE = 2 ** 20
const FIRST = 2 ** 14
/** Longest name that needs no further look, bytes. */
const LONGEST = 255

/** Bytes that make a name that needs no further look when it does not end in a dot. */
const PLAIN = new Uint8Array(256)
for (const byte of Buffer.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_~=+@,-.'))
  PLAIN[byte] = 1

/**
 * The names of one folder, as bytes in a few large pieces of memory, and for each where it lies. A million names take
 * their bytes and five more each; as strings they would take a multiple. A folder's name has a slash behind it, which
 * is how it sorts among keys.
 */
export class Names implements NameBytes {
  /** Whether a name is there that must be judged by the rules for keys. */
  odd = false
  /** Where the name lies that {@link next} came to. */
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST)
  start = 0
  end = 0
  readonly pieces: Uint8Array<ArrayBuffer>[] = [this.bytes]
  #used = 0
  /** Piece and place in it of each name, as one number. */
  starts = new Uint32Array(256)
  count = 0
  #next = 0

  add(name: ByteText, isFolder: boolean): void {
    const bytes = this.#roomFor(name.length + 2)
    this.starts[this.count++] = (this.pieces.length - 1) * PIECE + this.#used
    let at = this.#used
    let plain = 1
    for (let i = 0; i < name.length; i++) {
      const byte = name.charCodeAt(i)
      plain &= PLAIN[byte] ?? 0
      bytes[at++] = byte
    }
    if (plain === 0 || bytes[at - 1] === DOT || name.length > LONGEST) this.odd = true
    if (isFolder) bytes[at++] = SLASH
    bytes[at++] = END
    this.#used = at
  }

  sort(): void {
    sortNames(this)
  }

  /** Comes to the next name; false behind the last. A folder that changes while it is read may give a name twice. */
  next(): boolean {
    while (this.#next < this.count) {
      const [before, from, to] = [this.bytes, this.start, this.end]
      const isFirst = this.#next === 0
      const at = this.starts[this.#next++] ?? 0
      this.bytes = this.pieces[Math.floor(at / PIECE)] ?? before
      this.start = at % PIECE
      this.end = this.bytes.indexOf(END, this.start)
      if (isFirst || !sameBytes(before, from, to, this.bytes, this.start, this.end)) return true
    }
    return false
  }

  isFolder(): boolean {
    return this.bytes[this.end - 1] === SLASH
  }

  /** The name, without the slash of a folder. */
  text(): string {
    const end = this.isFolder() ? this.end - 1 : this.end
    return Buffer.from(this.bytes.buffer, this.start, end - this.start).toString()
  }

  /** Gives the memory back at once. The collector would do so late: to it these are small objects. */
  free(): void {
    for (const { buffer } of this.pieces) buffer.transfer(0)
    this.starts.buffer.transfer(0)
    this.count = 0
  }

  // Transferred, not copied, for the same reason.
  #roomFor(more: number): Uint8Array<ArrayBuffer> {
    if (this.count === this.starts.length)
      this.starts = new Uint32Array(this.starts.buffer.transfer(this.starts.byteLength * 2))
    let last = this.pieces.at(-1) ?? this.bytes
    if (this.#used + more <= last.length) return last
    if (last.length < PIECE) last = new Uint8Array(last.buffer.transfer(last.length * 2))
    else {
      this.pieces.push(new Uint8Array(0))
      last = new Uint8Array(PIECE)
      this.#used = 0
    }
    this.pieces[this.pieces.length - 1] = last
    return last
  }
}

function sameBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): boolean {
  if (aEnd - aStart !== bEnd - bStart) return false
  for (let i = aEnd - aStart - 1; i >= 0; i--) if (a[aStart + i] !== b[bStart + i]) return false
  return true
}
