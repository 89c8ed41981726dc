import type { FileTimes } from '@holdfast/core'
import type { FileMetaData, RowGroup } from 'hyparquet'
import { type ColumnOptions, type TimeColumn, timeColumnOf, type Unit } from './time-column.ts'
import { NotKnown } from './unknown.ts'

const DAY_MS = 86_400_000n
/** Beyond it the manifest takes no time. */
const MOST_MS = 2n ** 51n

/** The oldest and newest row of a file, by the statistics of all its row groups. @throws NotKnown when one is missing */
export function timesOf(footer: FileMetaData, options: ColumnOptions): FileTimes {
  try {
    return judge(footer, options)
  } catch (error) {
    if (error instanceof NotKnown) throw error
    // The parser takes what it finds: fields may be missing, or be of other types than it says.
    throw new NotKnown('footer_damaged', error)
  }
}

function judge(footer: FileMetaData, options: ColumnOptions): FileTimes {
  const column = timeColumnOf(footer, options)
  const groups = footer.row_groups.filter(({ num_rows }) => num_rows !== 0n)
  const rows = groups.reduce((sum, { num_rows }) => sum + num_rows, 0n)
  if (
    rows !== footer.num_rows ||
    rows > BigInt(Number.MAX_SAFE_INTEGER) ||
    groups.some(({ num_rows }) => num_rows < 0n)
  )
    throw new NotKnown('implausible')
  const ranges = groups.map((group) => rangeOf(group, column, options))
  const [first, ...others] = ranges
  if (!first) throw new NotKnown('no_rows')
  let { min, max } = first
  for (const range of others) {
    if (range.min < min) min = range.min
    if (range.max > max) max = range.max
  }
  return {
    minTime: msOf(min, column.unit, 'oldest'),
    maxTime: msOf(max, column.unit, 'newest'),
    rows: Number(rows),
  }
}

interface Range {
  readonly min: bigint
  readonly max: bigint
}

function rangeOf(
  { columns, num_rows }: RowGroup,
  { index, columns: known, type, isOptional }: TimeColumn,
  { column }: ColumnOptions,
): Range {
  const { meta_data: about } = columns[index] ?? {}
  // An encrypted column has no statistics that could be read.
  if (!about) throw new NotKnown('no_statistics')
  const { path_in_schema: path, num_values: values, statistics } = about
  if (
    columns.length !== known ||
    path.length !== 1 ||
    path[0] !== column ||
    about.type !== type ||
    values !== num_rows
  )
    throw new NotKnown('implausible')
  if (!statistics) throw new NotKnown('no_statistics')
  if (isOptional && statistics.null_count !== 0n) throw new NotKnown('nulls')
  // The older fields are in order for signed numbers, which these are.
  const min = statistics.min_value ?? statistics.min
  const max = statistics.max_value ?? statistics.max
  if (min === undefined || max === undefined) throw new NotKnown('no_statistics')
  const range = { min: wholeOf(min), max: wholeOf(max) }
  if (range.min > range.max) throw new NotKnown('implausible')
  return range
}

function wholeOf(value: unknown): bigint {
  if (typeof value === 'bigint') return value
  if (Number.isSafeInteger(value)) return BigInt(value as number)
  throw new NotKnown('implausible')
}

/** Whole milliseconds: no row is older than the oldest, and none newer than the newest. */
function msOf(value: bigint, unit: Unit, which: 'oldest' | 'newest'): number {
  const ms = which === 'oldest' ? startOf(value, unit) : endOf(value, unit)
  if (ms > MOST_MS || ms < -MOST_MS) throw new NotKnown('implausible')
  return Number(ms)
}

function startOf(value: bigint, unit: Unit): bigint {
  switch (unit) {
    case 'd':
      return value * DAY_MS
    case 's':
      return value * 1000n
    case 'ms':
      return value
    case 'us':
      return floor(value, 1000n)
    case 'ns':
      return floor(value, 1_000_000n)
  }
}

/** A day and a second last to their end, and what is below a millisecond counts for a whole one. */
function endOf(value: bigint, unit: Unit): bigint {
  if (unit === 'd') return value * DAY_MS + DAY_MS - 1n
  if (unit === 's') return value * 1000n + 999n
  return -startOf(-value, unit)
}

function floor(value: bigint, by: bigint): bigint {
  const quotient = value / by
  return value % by < 0n ? quotient - 1n : quotient
}
