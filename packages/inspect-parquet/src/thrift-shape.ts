import { NotKnown } from './unknown.ts'

/** Values and structs that a footer may have: what is made of them is about a hundred times as large. */
const MOST_PARTS = 1_000_000
const DEEPEST = 32
const LONGEST_VARINT = 10

const TRUE = 1
const FALSE = 2
const BYTE = 3
const I16 = 4
const I64 = 6
const DOUBLE = 7
const BINARY = 8
const LIST = 9
const STRUCT = 12

/**
 * Walks over a footer (Thrift, compact protocol) before it is parsed. A parser makes objects of what it reads, and adds
 * up numbers for as long as their bytes go on; a few MiB of rubbish can take it minutes and all memory. Nothing is made here.
 * @throws NotKnown
 */
export function checkThriftShape(bytes: Uint8Array): void {
  let at = 0
  let parts = 0
  const byte = (): number => {
    const value = bytes[at++]
    if (value === undefined) throw new NotKnown('footer_damaged')
    return value
  }
  const varint = (): number => {
    let value = 0
    for (let length = 0; length < LONGEST_VARINT; length++) {
      const part = byte()
      value += (part & 0x7f) * 128 ** length
      if (part < 0x80) return value
    }
    throw new NotKnown('footer_damaged')
  }
  const skip = (length: number) => {
    if (length > bytes.length - at) throw new NotKnown('footer_damaged')
    at += length
  }
  const count = () => {
    if (++parts > MOST_PARTS) throw new NotKnown('footer_too_large')
  }
  const element = (type: number, depth: number, inList: boolean): void => {
    count()
    if (depth > DEEPEST) throw new NotKnown('footer_damaged')
    if (type === TRUE || type === FALSE) skip(inList ? 1 : 0)
    else if (type === BYTE) skip(1)
    else if (type >= I16 && type <= I64) varint()
    else if (type === DOUBLE) skip(8)
    else if (type === BINARY) skip(varint())
    else if (type === LIST) list(depth)
    else if (type === STRUCT) struct(depth)
    else throw new NotKnown('footer_damaged')
  }
  const list = (depth: number): void => {
    const head = byte()
    const length = head >> 4 === 15 ? varint() : head >> 4
    if (length > bytes.length - at) throw new NotKnown('footer_damaged')
    for (let index = 0; index < length; index++) element(head & 0x0f, depth + 1, true)
  }
  const struct = (depth: number): void => {
    for (let head = byte(); (head & 0x0f) !== 0; head = byte()) {
      if (head >> 4 === 0) varint()
      element(head & 0x0f, depth + 1, false)
    }
  }
  struct(0)
}
