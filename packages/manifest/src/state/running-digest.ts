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
  add(sealed: Buffer): void {
    const at = sealed.length - SUM_BYTES
    const lower = this.#lower + sealed.readUInt32BE(at + 4)
    this.#lower = lower >>> 0
    this.#upper = (this.#upper + sealed.readUInt32BE(at) + (lower > 0xffff_ffff ? 1 : 0)) >>> 0
  }

  /** The sum of a value that is there no more. */
  subtract(sealed: Buffer): void {
    const at = sealed.length - SUM_BYTES
    const lower = this.#lower - sealed.readUInt32BE(at + 4)
    this.#lower = lower >>> 0
    this.#upper = (this.#upper - sealed.readUInt32BE(at) - (lower < 0 ? 1 : 0)) >>> 0
  }
}
