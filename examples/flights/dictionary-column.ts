import type { AsyncBuffer, ColumnChunk } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import { decompressPage } from 'hyparquet/src/datapage.js'
import { readRleBitPackedHybrid } from 'hyparquet/src/encoding.js'
import { readPlain } from 'hyparquet/src/plain.js'
import { compressors } from 'hyparquet-compressors'

/** A column as Parquet stores it: its distinct values once, and for each row the index of its value. */
export interface DictionaryColumn<T> {
  readonly values: readonly T[]
  readonly codes: Uint32Array
}

/**
 * Reads one column of one row group. The column reader of hyparquet returns the rows' values instead, which takes
 * three times as long for this file and leaves so many boxed numbers behind that the process grows past 400 MB.
 */
export async function readDictionaryColumn<T>(
  file: AsyncBuffer,
  chunk: ColumnChunk | undefined,
  decode: (plain: unknown) => T,
): Promise<DictionaryColumn<T>> {
  const stored = chunk?.meta_data
  if (stored === undefined) throw new Error('the row group has fewer columns than its schema')
  const column = stored.path_in_schema.join('.')
  const start = Number(stored.dictionary_page_offset ?? stored.data_page_offset)
  const bytes = await file.slice(start, start + Number(stored.total_compressed_size))
  const chunkReader = { view: new DataView(bytes), offset: 0 }
  const codes = new Uint32Array(Number(stored.num_values))
  let values: T[] = []
  let rows = 0
  while (rows < codes.length) {
    const header = parquetHeader(chunkReader)
    const compressed = new Uint8Array(bytes, chunkReader.offset, header.compressed_page_size)
    chunkReader.offset += header.compressed_page_size
    const page = decompressPage(compressed, header.uncompressed_page_size, stored.codec, compressors)
    const reader = { view: new DataView(page.buffer, page.byteOffset, page.byteLength), offset: 0 }
    const { dictionary_page_header: dictionary, data_page_header: data } = header
    if (dictionary !== undefined) {
      const plain: ArrayLike<unknown> = readPlain(reader, stored.type, dictionary.num_values, undefined)
      values = Array.from(plain, decode)
    } else if (data?.encoding === 'RLE_DICTIONARY') {
      const present = new Uint8Array(data.num_values)
      readRleBitPackedHybrid(reader, 1, present)
      if (present.includes(0)) throw new Error(`column ${column} holds a null`)
      const bits = reader.view.getUint8(reader.offset++)
      const into = codes.subarray(rows, rows + data.num_values)
      readRleBitPackedHybrid(reader, bits, into, page.byteLength - reader.offset)
      rows += data.num_values
    } else {
      throw new Error(`column ${column} holds a ${header.type} that is not dictionary-encoded`)
    }
  }
  return { values, codes }
}

/** @throws RangeError when the row or its value does not exist */
export function valueAt<T>({ values, codes }: DictionaryColumn<T>, row: number): T {
  const value = values[codes[row] ?? -1]
  if (value === undefined) throw new RangeError(`row ${row} has no value`)
  return value
}

/** The values of the rows from start up to end. */
export function valuesOf<T>(column: DictionaryColumn<T>, start: number, end: number): T[] {
  const values: T[] = []
  for (let row = start; row < end; row++) values.push(valueAt(column, row))
  return values
}
