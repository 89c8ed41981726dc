import { HoldfastError, hasCode } from '@holdfast/core'

/** Up to this length the buffer of `head` is kept. */
const HEADS = 1024

/** Up to here a loop over the characters is faster than a call into the runtime. */
const SHORT = 96

/** Appends values to a buffer that grows. Numbers are whole and not negative unless said otherwise. */
export class ByteWriter {
  #buffer: Buffer
  #numbers: DataView
  #length = 0
  #heads: Buffer[] = []

  /** `buffer`: where it begins to write. */
  constructor(buffer: Buffer = Buffer.allocUnsafeSlow(1024)) {
    this.#buffer = buffer
    this.#numbers = numbersOf(buffer)
  }

  get length(): number {
    return this.#length
  }

  reset(): this {
    this.#length = 0
    return this
  }

  u8(value: number): this {
    this.#reserve(1)
    this.#buffer[this.#length++] = value
    return this
  }

  /** Seven bits a byte, low bits first. */
  varint(value: number): this {
    this.#reserve(8)
    let rest = value
    while (rest > 0x7f) {
      this.#buffer[this.#length++] = (rest & 0x7f) | 0x80
      rest = rest > 0x7fffffff ? Math.floor(rest / 128) : rest >>> 7
    }
    this.#buffer[this.#length++] = rest
    return this
  }

  /** A whole number of either sign: zigzag, then varint. */
  signed(value: number): this {
    return this.varint(value < 0 ? -value * 2 - 1 : value * 2)
  }

  text(value: string): this {
    if (value.length <= SHORT && this.#ascii(value, 1)) return this
    const bytes = Buffer.byteLength(value)
    this.varint(bytes)
    this.#reserve(bytes)
    this.#length += this.#buffer.write(value, this.#length, bytes, 'utf8')
    return this
  }

  /** A text without its length. */
  name(value: string): this {
    if (value.length <= SHORT && this.#ascii(value, 0)) return this
    this.#reserve(value.length * 3)
    this.#length += this.#buffer.write(value, this.#length, 'utf8')
    return this
  }

  /** Bytes that are given in hexadecimal from a character on. */
  hex(value: string, from: number): this {
    const bytes = (value.length - from) >>> 1
    this.#reserve(bytes)
    this.#buffer.write(value.slice(from), this.#length, bytes, 'hex')
    this.#length += bytes
    return this
  }

  /** A list of texts behind their number. */
  texts(values: readonly string[]): this {
    this.varint(values.length)
    for (const value of values) this.text(value)
    return this
  }

  /** Bytes without their length. */
  raw(value: Uint8Array): this {
    this.#reserve(value.length)
    this.#buffer.set(value, this.#length)
    this.#length += value.length
    return this
  }

  /** Bytes of a buffer, from one place to another. */
  range(source: Buffer, from: number, to: number): this {
    this.#reserve(to - from)
    this.#length += source.copy(this.#buffer, this.#length, from, to)
    return this
  }

  u64(value: bigint): this {
    this.#reserve(8)
    this.#numbers.setBigUint64(this.#length, value)
    this.#length += 8
    return this
  }

  u32(value: number): this {
    this.#reserve(4)
    this.#numbers.setUint32(this.#length, value)
    this.#length += 4
    return this
  }

  /** What has been written, valid until the next write. */
  view(from = 0, to = this.#length): Buffer {
    return this.#buffer.subarray(from, to)
  }

  /** As `view(from)`; to make it costs less than half of a Buffer. */
  tail(from: number): Uint8Array {
    return new Uint8Array(this.#buffer.buffer, this.#buffer.byteOffset + from, this.#length - from)
  }

  /** As `view(0, to)`, with one buffer for each length: to make one costs as much as to fill it. */
  head(to = this.#length): Buffer {
    if (to > HEADS) return this.view(0, to)
    let head = this.#heads[to]
    if (!head) {
      head = this.view(0, to)
      this.#heads[to] = head
    }
    return head
  }

  /** What has been written, for keeps. */
  copy(from = 0): Buffer {
    return Buffer.from(this.view(from))
  }

  /** Writes a short text behind `head` bytes of its length; false when it is not plain ASCII, as most names are. */
  #ascii(value: string, head: 0 | 1): boolean {
    this.#reserve(SHORT + 1)
    const buffer = this.#buffer
    const start = this.#length + head
    for (let at = 0; at < value.length; at++) {
      const unit = value.charCodeAt(at)
      if (unit > 0x7f) return false
      buffer[start + at] = unit
    }
    if (head === 1) buffer[start - 1] = value.length
    this.#length = start + value.length
    return true
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return
    // Never from the runtime's pool: what stays for long would keep a whole piece of it.
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#length + bytes))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
    this.#numbers = numbersOf(larger)
    this.#heads = []
  }
}

/** Its 64-bit numbers are several times faster than those of a Buffer. */
function numbersOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** Reads what {@link ByteWriter} wrote. Running past the end is HF_MANIFEST_CORRUPT, never a wrong value. */
export class ByteReader {
  readonly #buffer: Buffer
  readonly #end: number
  #at = 0

  constructor(buffer: Buffer, end = buffer.length) {
    this.#buffer = buffer
    this.#end = end
  }

  get done(): boolean {
    return this.#at === this.#end
  }

  u8(): number {
    return this.#buffer[this.#take(1)] as number
  }

  varint(): number {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = this.u8()
      value += (byte & 0x7f) * factor
      if (value > Number.MAX_SAFE_INTEGER) throw corrupt('a number that is too large')
      if (byte < 0x80) return value
    }
  }

  signed(): number {
    const value = this.varint()
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2
  }

  text(): string {
    const bytes = this.varint()
    const start = this.#take(bytes)
    return this.#buffer.toString('utf8', start, start + bytes)
  }

  /** A list of texts behind their number. */
  texts(): string[] {
    const texts: string[] = []
    for (let left = this.varint(); left > 0; left--) texts.push(this.text())
    return texts
  }

  /** All that is left. */
  rest(): Buffer {
    return this.raw(this.#end - this.#at)
  }

  raw(bytes: number): Buffer {
    const start = this.#take(bytes)
    return this.#buffer.subarray(start, start + bytes)
  }

  /** The next bytes as hexadecimal digits. */
  hex(bytes: number): string {
    const start = this.#take(bytes)
    return this.#buffer.toString('hex', start, start + bytes)
  }

  u64(): bigint {
    return this.#buffer.readBigUInt64BE(this.#take(8))
  }

  #take(bytes: number): number {
    const start = this.#at
    if (start + bytes > this.#end) throw corrupt('an early end')
    this.#at += bytes
    return start
  }
}

export function corrupt(what: string, context: Record<string, unknown> = {}): HoldfastError {
  return new HoldfastError('HF_MANIFEST_CORRUPT', `the manifest holds ${what}`, { context })
}

/** What `read` gives, or that what it reads is damaged. */
export function orUnreadable<T>(read: () => T): T | 'unreadable' {
  try {
    return read()
  } catch (error) {
    if (hasCode(error, 'HF_MANIFEST_CORRUPT')) return 'unreadable'
    throw error
  }
}

export function newer(what: string, version: number): HoldfastError {
  return new HoldfastError(
    'HF_FORMAT_NEWER',
    `${what} has format ${version}, which this version does not know`,
    {
      context: { what, version },
    },
  )
}

/** The same bytes as a buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
