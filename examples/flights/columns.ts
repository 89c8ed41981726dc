import type { AsyncBuffer, RowGroup, SchemaElement } from 'hyparquet'
import { type DictionaryColumn, readDictionaryColumn, valuesOf } from './dictionary-column.ts'

/** Columns of equal length; a row is one index in all of them. */
export interface FlightColumns {
  /** Microseconds since 1970, whole minutes. The source names no time zone; its clock is read as UTC. */
  readonly date: bigint[]
  /** Minutes late; negative when early. */
  readonly delay: bigint[]
  /** Miles. */
  readonly distance: bigint[]
  /** IATA code of the airport. */
  readonly origin: string[]
  readonly destination: string[]
}

/** The columns of one row group of the source. */
export type FlightGroup = { readonly [C in keyof FlightColumns]: DictionaryColumn<FlightColumns[C][number]> }

/** The source's own schema: an hour's file differs from it in nothing but its rows. */
export const FLIGHT_SCHEMA: SchemaElement[] = [
  { name: 'root', num_children: 5 },
  {
    ...optional('date', 'INT64'),
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'MICROS' },
  },
  optional('delay', 'INT64'),
  optional('distance', 'INT64'),
  { ...optional('origin', 'BYTE_ARRAY'), converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  { ...optional('destination', 'BYTE_ARRAY'), converted_type: 'UTF8', logical_type: { type: 'STRING' } },
]

function optional(name: keyof FlightColumns, type: 'INT64' | 'BYTE_ARRAY'): SchemaElement {
  return { name, type, repetition_type: 'OPTIONAL' }
}

export async function readGroup(file: AsyncBuffer, group: RowGroup): Promise<FlightGroup> {
  const [date, delay, distance, origin, destination] = group.columns
  return {
    date: await readDictionaryColumn(file, date, toBigint),
    delay: await readDictionaryColumn(file, delay, toBigint),
    distance: await readDictionaryColumn(file, distance, toBigint),
    origin: await readDictionaryColumn(file, origin, toText),
    destination: await readDictionaryColumn(file, destination, toText),
  }
}

/** The rows of a group from start up to end. */
export function columnsOf(group: FlightGroup, start: number, end: number): FlightColumns {
  return {
    date: valuesOf(group.date, start, end),
    delay: valuesOf(group.delay, start, end),
    distance: valuesOf(group.distance, start, end),
    origin: valuesOf(group.origin, start, end),
    destination: valuesOf(group.destination, start, end),
  }
}

export function joinColumns(first: FlightColumns, second: FlightColumns): FlightColumns {
  return {
    date: first.date.concat(second.date),
    delay: first.delay.concat(second.delay),
    distance: first.distance.concat(second.distance),
    origin: first.origin.concat(second.origin),
    destination: first.destination.concat(second.destination),
  }
}

function toBigint(plain: unknown): bigint {
  if (typeof plain !== 'bigint') throw new TypeError('expected a 64-bit number')
  return plain
}

function toText(plain: unknown): string {
  if (!(plain instanceof Uint8Array)) throw new TypeError('expected bytes')
  return Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength).toString('utf8')
}
