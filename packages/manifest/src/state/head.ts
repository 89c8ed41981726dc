import type { ManifestHead } from '@holdfast/core'
import { type ByteReader, type ByteWriter, newer } from '../format/bytes.ts'

const VERSION = 1

/** Where the state is and what the next change needs; one row, written by every transaction. */
export interface Head {
  term: number
  index: number
  time: number
  generation: number
  /** The number for the next new namespace. */
  nextNamespace: number
  /** Batches whose outcomes are remembered. */
  batches: number
  /** Sum of the sums of all replicated rows, modulo 2^64. */
  digest: bigint
  /** XXH64 of the last record. */
  record: bigint
}

export function emptyHead(): Head {
  return { term: 0, index: 0, time: 0, generation: 0, nextNamespace: 1, batches: 0, digest: 0n, record: 0n }
}

export function writeHead(writer: ByteWriter, head: Head): void {
  writer.u8(VERSION).varint(head.term).varint(head.index).varint(head.time).varint(head.generation)
  writer.varint(head.nextNamespace).varint(head.batches).u64(head.digest).u64(head.record)
}

export function readHead(reader: ByteReader): Head {
  const version = reader.u8()
  if (version !== VERSION) throw newer('the state head', version)
  return {
    term: reader.varint(),
    index: reader.varint(),
    time: reader.varint(),
    generation: reader.varint(),
    nextNamespace: reader.varint(),
    batches: reader.varint(),
    digest: reader.u64(),
    record: reader.u64(),
  }
}

export function publicHead({ term, index, time, generation, digest }: Head): ManifestHead {
  return { position: { term, index }, time, generation, digest: digest.toString(16).padStart(16, '0') }
}
