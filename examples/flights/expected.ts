/** Counts of files, their rows and their bytes. The bytes hold for the installed version of hyparquet-writer. */
export interface Counts {
  readonly hours: number
  readonly rows: number
  readonly bytes: number
}

/** Everything that readHours yields, as encodeHour writes it. */
export const ALL: Counts = { hours: 4282, rows: 3_000_000, bytes: 25_258_125 }
export const FIRST_PATH = 'flights/us/2001/01/01/00/flights.parquet'
export const LAST_PATH = 'flights/us/2001/07/01/00/flights.parquet'

/** A retention run over the whole store: at this time (ms) and with this maximum age (ms)... */
export const AS_OF = Date.UTC(2001, 6, 1)
export const MAX_AGE = 90 * 86_400_000
/** ...these are the hours whose newest row is older than AS_OF - MAX_AGE, which is 2001-04-02T00:00Z. */
export const EXPIRED: Counts = { hours: 2126, rows: 1_494_284, bytes: 12_639_696 }
export const KEPT: Counts = { hours: 2156, rows: 1_505_716, bytes: 12_618_429 }
