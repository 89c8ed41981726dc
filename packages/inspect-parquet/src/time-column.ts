import type { FileMetaData, SchemaElement } from 'hyparquet'
import { NotKnown } from './unknown.ts'

/** How numbers of a column are to be read. `d`: whole days. */
export type Unit = 's' | 'ms' | 'us' | 'ns' | 'd'

export interface ColumnOptions {
  readonly column: string
  /** Of plain INT64 columns; `off`: such a column is no time. */
  readonly unit: Exclude<Unit, 'd'> | 'off'
  /** What times without a time zone are. */
  readonly localTimes: 'utc' | 'unknown'
}

export interface TimeColumn {
  /** Its place among the columns of a row group. */
  readonly index: number
  readonly columns: number
  readonly unit: Unit
  readonly type: 'INT32' | 'INT64'
  /** Whether a row may have no time. */
  readonly isOptional: boolean
}

const UNITS = { MILLIS: 'ms', MICROS: 'us', NANOS: 'ns' } as const

/** Finds the time column, at the top of the schema, and how to read it. @throws NotKnown */
export function timeColumnOf({ schema }: FileMetaData, options: ColumnOptions): TimeColumn {
  const leaves = schema.filter(({ type }) => type !== undefined)
  const tops = topsOf(schema).filter(({ name }) => name === options.column)
  const [element, another] = tops
  if (!element || another) throw new NotKnown('no_column')
  const { type, repetition_type: repetition } = element
  const unit = unitOf(element, options)
  if (unit === undefined || (type !== 'INT32' && type !== 'INT64') || repetition === 'REPEATED')
    throw new NotKnown('column_type')
  const isOptional = repetition !== 'REQUIRED'
  return { index: leaves.indexOf(element), columns: leaves.length, unit, type, isOptional }
}

/** The children of the root. The schema is its tree, depth first. */
function topsOf(schema: readonly SchemaElement[]): SchemaElement[] {
  const tops: SchemaElement[] = []
  let left = schema[0]?.num_children ?? 0
  for (let at = 1; left > 0 && at < schema.length; left--) {
    tops.push(schema[at] as SchemaElement)
    for (let inside = 1; inside > 0 && at < schema.length; at++) inside += (schema[at]?.num_children ?? 0) - 1
  }
  return tops
}

function unitOf(element: SchemaElement, { unit, localTimes }: ColumnOptions): Unit | undefined {
  const { type, converted_type: converted, logical_type: logical } = element
  if (logical?.type === 'DATE' || (!logical && converted === 'DATE'))
    return type === 'INT32' ? 'd' : undefined
  if (type !== 'INT64') return undefined
  if (logical?.type === 'TIMESTAMP')
    return logical.isAdjustedToUTC === true || localTimes === 'utc' ? UNITS[logical.unit] : undefined
  const isPlain = !logical || (logical.type === 'INTEGER' && logical.bitWidth === 64 && logical.isSigned)
  if (!isPlain) return undefined
  // What this type meant before logical types is a time in UTC.
  if (converted === 'TIMESTAMP_MILLIS') return 'ms'
  if (converted === 'TIMESTAMP_MICROS') return 'us'
  const isNumber = converted === undefined || converted === 'INT_64'
  return isNumber && unit !== 'off' ? unit : undefined
}
