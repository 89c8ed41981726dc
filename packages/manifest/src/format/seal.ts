import createXxhash from 'xxhash-wasm'
import { ByteReader, ByteWriter, corrupt } from './bytes.ts'

/** At the end of every sealed value. */
export const SUM_BYTES = 8

/**
 * Seals each value with the XXH64 of its row's name and its bytes, so that a damaged value, or one that stands under
 * another name, is noticed when it is read. The same sums, added up, are the state digest.
 */
export interface Seal {
  /** A row for keeps: `name` writes its name, `write` its payload. */
  close(name: (row: ByteWriter) => void, write: (payload: ByteWriter) => void): Sealed
  /** For `closeDraft`: where the next row is written, its name and behind it its payload. */
  readonly draft: ByteWriter
  /** Seals the draft, whose name has so many bytes. The result lies in the draft: the next row overwrites it. */
  closeDraft(name: number): SealedDraft
  /** The payload of a sealed value. @throws HF_MANIFEST_CORRUPT */
  open(row: Buffer, value: Buffer): ByteReader
  /** XXH64 of bytes that stand alone. */
  sum(bytes: Uint8Array): bigint
}

export interface Sealed {
  readonly row: Buffer
  readonly value: Buffer
}

/** A sealed row that does not last: to be copied at once, as a store does that is given it. */
export interface SealedDraft {
  readonly row: Buffer
  readonly value: Uint8Array
}

/** Loads the hash (WebAssembly, no native module). */
export async function createSeal(): Promise<Seal> {
  const { h64Raw } = await createXxhash()
  const scratch = new ByteWriter()
  const draft = new ByteWriter()
  const closeDraft = (name: number) => {
    draft.u64(h64Raw(draft.head()))
    return { row: draft.head(name), value: draft.tail(name) }
  }
  return {
    close(name, write) {
      name(draft.reset())
      const at = draft.length
      write(draft)
      const { row, value } = closeDraft(at)
      return { row: Buffer.from(row), value: Buffer.from(value) }
    },
    draft,
    closeDraft,
    open(row, value) {
      const end = value.length - SUM_BYTES
      if (end < 0) throw damaged(row)
      const sealed = scratch.reset().raw(row).raw(value)
      if (h64Raw(sealed.head(row.length + end)) !== value.readBigUInt64BE(end)) throw damaged(row)
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
