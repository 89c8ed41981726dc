import type { StorageKey } from '@holdfast/core'
import { type ByteReader, type ByteWriter, newer } from './bytes.ts'

/** Format of a replacement. */
const VERSION = 1

/** What has to be known in order to undo a replacement: kept as long as an input of it is condemned. */
export interface Replacement {
  /** Inputs that are still condemned by it. */
  readonly left: number
  /** Both are dropped when the first input is doomed: what a replacement condemned comes back as a whole, or not at all. */
  readonly whole?: { readonly inputs: readonly StorageKey[]; readonly outputs: readonly StorageKey[] }
}

export function writeReplacement(writer: ByteWriter, { left, whole }: Replacement): void {
  writer
    .u8(VERSION)
    .varint(left)
    .u8(whole ? 1 : 0)
  if (!whole) return
  writer.texts(whole.inputs).texts(whole.outputs)
}

export function readReplacement(reader: ByteReader): Replacement {
  const version = reader.u8()
  if (version !== VERSION) throw newer('a replacement', version)
  const left = reader.varint()
  if (reader.u8() === 0) return { left }
  return { left, whole: { inputs: reader.texts() as StorageKey[], outputs: reader.texts() as StorageKey[] } }
}
