import type { Position } from '@holdfast/core'
import type { ByteReader } from '../format/bytes.ts'
import { named, TABLE } from '../format/rows.ts'

/** Where the state was when it came from another node. */
export const INSTALLED = named(TABLE.node, 'installed')

export function readPosition(reader: ByteReader): Position {
  return { term: reader.varint(), index: reader.varint() }
}
