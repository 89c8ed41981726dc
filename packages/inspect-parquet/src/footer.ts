import type { InspectedFile } from '@holdfast/core'
import { type FileMetaData, parquetMetadata } from 'hyparquet'
import { checkThriftShape } from './thrift-shape.ts'
import { NotKnown } from './unknown.ts'

/** Behind the footer: its length, and the mark. */
const TAIL_BYTES = 8
const MARK = 'PAR1'
/** The mark in front, a footer of one byte, and the tail. */
const SMALLEST = 13
/** Read at first: most footers are shorter. */
const FIRST_READ = 64 * 1024
const LONGEST_FOOTER = 16 * 1024 * 1024

/** Times in statistics stay the numbers that they are: as Dates they would lose what is below a millisecond. */
const asTheyAre = <T>(value: T): T => value
const PARSERS = {
  timestampFromMilliseconds: asTheyAre<bigint>,
  timestampFromMicroseconds: asTheyAre<bigint>,
  timestampFromNanoseconds: asTheyAre<bigint>,
  dateFromDays: asTheyAre<number>,
}

/** Reads the end of a file, as much of it as the footer needs, and no rows. @throws NotKnown, and what reading throws */
export async function readFooter({ size, read }: InspectedFile): Promise<FileMetaData> {
  if (size < SMALLEST) throw new NotKnown('not_parquet')
  const start = Math.max(0, size - FIRST_READ)
  let end = Buffer.from(await read({ start, end: size }))
  if (end.toString('latin1', end.length - MARK.length) !== MARK) throw new NotKnown('not_parquet')
  const length = end.readUInt32LE(end.length - TAIL_BYTES)
  const needed = length + TAIL_BYTES
  if (length === 0 || needed > size - MARK.length) throw new NotKnown('footer_damaged')
  if (length > LONGEST_FOOTER) throw new NotKnown('footer_too_large')
  if (needed > end.length) end = Buffer.concat([await read({ start: size - needed, end: start }), end])
  const footer = end.subarray(end.length - needed)
  checkThriftShape(footer.subarray(0, length))
  try {
    return parquetMetadata(footer, { parsers: PARSERS, geoparquet: false })
  } catch (error) {
    throw new NotKnown('footer_damaged', error)
  }
}
