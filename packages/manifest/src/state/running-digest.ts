import { SUM_BYTES } from '../format/seal.ts'

const HALF_BITS = 32n
const DIGEST_BITS = 64

/**
 * The sums that sealed values carry, added up modulo 2^64. In two halves, which wrap by themselves: a few BigInts for
 * each row cost more than the sum itself.
 */
export class RunningDigest {
  #upper = 0
  #lower = 0

  get value(): bigint {
    return (BigInt(this.#upper) << HALF_BITS) | BigInt(this.#lower)
  }

  set value(value: bigint) {
    const whole = BigInt.asUintN(DIGEST_BITS, value)
    this.#upper = Number(whole >> HALF_BITS)
    this.#lower = Number(BigInt.asUintN(32, whole))
  }

  /** The sum of a value that is there now. */
  add(sealed: Uint8Array): void {
    const at = sealed.length - SUM_BYTES
    const lower = this.#lower + half(sealed, at + 4)
    this.#lower = lower >>> 0
    this.#upper = (this.#upper + half(sealed, at) + (lower > 0xffff_ffff ? 1 : 0)) >>> 0
  }

  /** The sum of a value that is there no more. */
  subtract(sealed: Uint8Array): void {
    const at = sealed.length - SUM_BYTES
    const lower = this.#lower - half(sealed, at + 4)
    this.#lower = lower >>> 0
    this.#upper = (this.#upper - half(sealed, at) - (lower < 0 ? 1 : 0)) >>> 0
  }
}

/** Four bytes as one number. */
function half(bytes: Uint8Array, at: number): number {
  const [a, b, c, d] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]] as [
    number,
    number,
    number,
    number,
  ]
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
}
