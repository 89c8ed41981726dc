import createXxhash from 'xxhash-wasm'
import { ByteReader, ByteWriter, corrupt } from './bytes.ts'

const SUM_BYTES = 8

/**
 * Seals each value with the XXH64 of its row's name and its bytes, so that a damaged value, or one that stands under
 * another name, is noticed when it is read. The same sums, added up, are the state digest.
 */
export interface Seal {
  /** A row: `name` writes its name, `write` its payload. Both lie in memory that the next row uses again. */
  close(name: (row: ByteWriter) => void, write: (payload: ByteWriter) => void): Sealed
  /** The payload of a sealed value. @throws HF_MANIFEST_CORRUPT */
  open(row: Buffer, value: Buffer): ByteReader
  /** XXH64 of bytes that stand alone. */
  sum(bytes: Uint8Array): bigint
}

export interface Sealed {
  readonly row: Buffer
  readonly value: Buffer
  readonly sum: bigint
}

/** Loads the hash (WebAssembly, no native module). */
export async function createSeal(): Promise<Seal> {
  const { h64Raw } = await createXxhash()
  const scratch = new ByteWriter()
  return {
    close(name, write) {
      name(scratch.reset())
      const at = scratch.length
      write(scratch)
      const sum = h64Raw(scratch.view())
      return { row: scratch.view(0, at), value: scratch.u64(sum).view(at), sum }
    },
    open(row, value) {
      const end = value.length - SUM_BYTES
      if (end < 0) throw damaged(row)
      const sealed = scratch
        .reset()
        .raw(row)
        .raw(value)
        .view(0, row.length + end)
      if (h64Raw(sealed) !== value.readBigUInt64BE(end)) throw damaged(row)
      return new ByteReader(value, end)
    },
    sum: (bytes) => h64Raw(bytes),
  }
}

/** The sum that a sealed value carries. */
export function sumOf(value: Buffer): bigint {
  return value.readBigUInt64BE(value.length - SUM_BYTES)
}

function damaged(row: Buffer) {
  const name = row.toString('latin1')
  return corrupt(`a damaged value in row ${JSON.stringify(name)}: its checksum does not fit`, { row: name })
}
