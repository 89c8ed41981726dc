import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { asyncBufferFromFile, parquetMetadata, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { beforeAll, describe, expect, test } from 'vitest'
import { ALL, EXPIRED, FIRST_PATH, KEPT, LAST_PATH } from '../expected.ts'
import { encodeHour, type FlightHour, flightsFile, hourPath, readHours } from '../hours.ts'
import type { WalkReport } from './walk.ts'

describe('a walk over all hours', () => {
  let walk: WalkReport

  // First of all: a child's peak begins at what its parent holds when it starts it.
  beforeAll(async () => {
    const program = fileURLToPath(new URL('walk.ts', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, [program])
    walk = JSON.parse(stdout)
  }, 60_000)

  test('yields every flight once', () => {
    expect(walk.all).toEqual(ALL)
  })

  test('is in order, and an hour holds nothing but its own rows', () => {
    expect(walk.wrong).toEqual([])
    expect([walk.firstPath, walk.lastPath]).toEqual([FIRST_PATH, LAST_PATH])
    expect(walk.distinctPaths).toBe(ALL.hours)
  })

  test('counts what is older than 90 days on the first of July', () => {
    expect(walk.expired).toEqual(EXPIRED)
    expect(KEPT).toEqual({
      hours: ALL.hours - EXPIRED.hours,
      rows: ALL.rows - EXPIRED.rows,
      bytes: ALL.bytes - EXPIRED.bytes,
    })
  })

  test('stays under 300 MB', () => {
    expect(walk.peakBytes).toBeLessThan(300_000_000)
  })
})

describe('an encoded hour', () => {
  /** The first hour, the last, one of the middle and all that a row group's end cuts, with their first rows. */
  const samples = new Map<FlightHour, number>()
  let cuts = 0

  beforeAll(async () => {
    const { row_groups } = await parquetMetadataAsync(await asyncBufferFromFile(flightsFile()))
    const groupEnds: number[] = []
    for (const { num_rows } of row_groups) groupEnds.push((groupEnds.at(-1) ?? 0) + Number(num_rows))
    let start = 0
    for await (const hour of readHours()) {
      const end = start + hour.rows
      const cut = groupEnds.some((groupEnd) => start < groupEnd && groupEnd < end)
      if (cut) cuts++
      const sampled =
        start === 0 || end === ALL.rows || hour.path === 'flights/us/2001/04/01/12/flights.parquet'
      if (cut || sampled) samples.set(hour, start)
      start = end
    }
  }, 60_000)

  test('is sampled where a row group ends', () => {
    expect(cuts).toBe(10)
    expect(samples.size).toBe(13)
  })

  test('reads back as the same rows of the source', async () => {
    const source = await asyncBufferFromFile(flightsFile())
    const metadata = await parquetMetadataAsync(source)
    for (const [hour, rowStart] of samples) {
      const file = bufferOf(encodeHour(hour))
      const rowEnd = rowStart + hour.rows
      const expected = await parquetReadObjects({ file: source, metadata, compressors, rowStart, rowEnd })
      const rows = await parquetReadObjects({ file })
      expect(rows).toHaveLength(hour.rows)
      expect(rows).toEqual(expected)
    }
  })

  test('has the schema of the source', async () => {
    const { schema } = await parquetMetadataAsync(await asyncBufferFromFile(flightsFile()))
    for (const hour of samples.keys()) {
      const written = parquetMetadata(bufferOf(encodeHour(hour)))
      expect(written.schema).toEqual(schema)
      expect(written.row_groups).toHaveLength(1)
    }
  })

  test('says its time bounds in its statistics', () => {
    for (const hour of samples.keys()) {
      const [date] = parquetMetadata(bufferOf(encodeHour(hour))).row_groups[0]?.columns ?? []
      expect(date?.meta_data?.statistics).toMatchObject({
        min_value: new Date(hour.minTime),
        max_value: new Date(hour.maxTime),
      })
    }
  })

  test('is the same bytes each time', () => {
    for (const hour of samples.keys()) expect(encodeHour(hour)).toEqual(encodeHour(hour))
  })
})

test('a path names its hour in UTC', () => {
  expect(hourPath(Date.UTC(2001, 1, 3, 4))).toBe('flights/us/2001/02/03/04/flights.parquet')
})

test('an abort ends the walk with its reason', async () => {
  const abort = new AbortController()
  const reason = new Error('enough')
  const hours = readHours(abort.signal)
  expect((await hours.next()).value).toMatchObject({ path: FIRST_PATH })
  abort.abort(reason)
  await expect(hours.next()).rejects.toBe(reason)
})

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}
