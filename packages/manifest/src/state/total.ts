import type { ByteReader, ByteWriter } from '../format/bytes.ts'

/** A sum that stays exact beyond 2^53: a number as long as it can be one. */
export type Total = number | bigint

export function plus(total: Total, change: number): Total {
  if (typeof total === 'number') {
    const sum = total + change
    if (sum <= Number.MAX_SAFE_INTEGER) return sum
  }
  const sum = BigInt(total) + BigInt(change)
  return sum <= Number.MAX_SAFE_INTEGER ? Number(sum) : sum
}

const MORE = 0x80n
const BITS = 0x7fn

/** As a varint, of whatever length. */
export function writeTotal(writer: ByteWriter, total: Total): void {
  if (typeof total === 'number') {
    writer.varint(total)
    return
  }
  let rest = total
  for (; rest >= MORE; rest >>= 7n) writer.u8(Number((rest & BITS) | MORE))
  writer.u8(Number(rest))
}

export function readTotal(reader: ByteReader): Total {
  let total = 0n
  for (let shift = 0n; ; shift += 7n) {
    const byte = BigInt(reader.u8())
    total |= (byte & BITS) << shift
    if (byte < MORE) break
  }
  return total <= Number.MAX_SAFE_INTEGER ? Number(total) : total
}
