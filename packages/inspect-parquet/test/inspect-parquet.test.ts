import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type ColumnType, inspector, parquet, TIMESTAMP } from './support.ts'

const DAY = 86_400_000
const MILLIS = TIMESTAMP('MILLIS')
const plain = (more: Partial<ColumnType> = {}): ColumnType => ({
  type: 'INT64',
  repetition_type: 'REQUIRED',
  ...more,
})

describe('times of a Parquet file', () => {
  it('[R-11] are those of its oldest and newest row, over all row groups, with their number', async () => {
    const { times } = await inspector()
    const values = [50n, 10n, 30n, 90n, 70n, 20n, 60n]
    const file = parquet({ type: MILLIS, values, rowGroupSize: 2 })
    expect(await times(file)).toEqual({ minTime: 10, maxTime: 90, rows: 7 })
  })

  it.each<[string, ColumnType, unknown[], minTime: number, maxTime: number]>([
    ['milliseconds', MILLIS, [1000n, 2000n], 1000, 2000],
    ['microseconds, rounded outwards', TIMESTAMP('MICROS'), [1001n, 2001n], 1, 3],
    ['microseconds before 1970', TIMESTAMP('MICROS'), [-2001n, -1001n], -3, -1],
    ['whole microseconds', TIMESTAMP('MICROS'), [-2000n, 3000n], -2, 3],
    ['nanoseconds', TIMESTAMP('NANOS'), [1_000_001n, 1_999_999n], 1, 2],
    ['nanoseconds before 1970', TIMESTAMP('NANOS'), [-1n, -1n], -1, 0],
    ['older milliseconds', plain({ converted_type: 'TIMESTAMP_MILLIS' }), [5n, 6n], 5, 6],
    ['older microseconds', plain({ converted_type: 'TIMESTAMP_MICROS' }), [5000n, 6001n], 5, 7],
    [
      'days, to their ends',
      { type: 'INT32', repetition_type: 'REQUIRED', converted_type: 'DATE' },
      [-1, 2],
      -DAY,
      3 * DAY - 1,
    ],
    [
      'days by their logical type',
      { type: 'INT32', repetition_type: 'REQUIRED', logical_type: { type: 'DATE' } },
      [0, 0],
      0,
      DAY - 1,
    ],
  ])('[R-11] are read in %s', async (_what, type, values, minTime, maxTime) => {
    const { times } = await inspector()
    expect(await times(parquet({ type, values }))).toEqual({ minTime, maxTime, rows: values.length })
  })

  it.each([
    ['s', 2000, 3999],
    ['ms', 2, 3],
    ['us', 0, 1],
    ['ns', 0, 1],
  ] as const)('[R-11] of plain numbers count what the operator says: %s', async (unit, minTime, maxTime) => {
    const said = await inspector({ unit })
    const signed = plain({ logical_type: { type: 'INTEGER', bitWidth: 64, isSigned: true } })
    for (const type of [plain(), signed])
      expect(await said.times(parquet({ type, values: [2n, 3n] }))).toEqual({ minTime, maxTime, rows: 2 })
    const { times, results } = await inspector()
    expect(await times(parquet({ type: plain(), values: [2n, 3n] }))).toBeUndefined()
    expect(results()).toEqual({ column_type: 1 })
  })

  it('[R-11] without a time zone are unknown, unless the operator says that they are in UTC', async () => {
    const file = parquet({ type: TIMESTAMP('MILLIS', false), values: [1n, 2n] })
    const { times, results } = await inspector()
    expect(await times(file)).toBeUndefined()
    expect(results()).toEqual({ column_type: 1 })
    const utc = await inspector({ localTimes: 'utc' })
    expect(await utc.times(file)).toEqual({ minTime: 1, maxTime: 2, rows: 2 })
  })

  it('[R-11] are read from the footer that another writer has made', async () => {
    // The end of a file of 3 million rows in 11 row groups, by Polars, without its rows.
    const file = readFileSync(new URL('fixtures/polars-footer.parquet', import.meta.url))
    const { times } = await inspector({ column: 'date', localTimes: 'utc' })
    expect(await times(file)).toEqual({
      minTime: Date.UTC(2001, 0, 1, 0, 1),
      maxTime: Date.UTC(2001, 6, 1),
      rows: 3_000_000,
    })
    const other = await inspector({ column: 'date' })
    expect(await other.times(file)).toBeUndefined()
  })

  it('[R-11] are of the column that is named, and of no other', async () => {
    const file = parquet({ type: MILLIS, values: [1n], name: 'at' })
    const { times, results } = await inspector()
    expect(await times(file)).toBeUndefined()
    expect(results()).toEqual({ no_column: 1 })
    expect(await (await inspector({ column: 'at' })).times(file)).toEqual({ minTime: 1, maxTime: 1, rows: 1 })
    expect(await (await inspector({ column: 'what' })).times(file)).toBeUndefined()
  })

  it.each(['a/b.parquet', 'a/B.PARQUET', 'a/b.c.Parquet'])('[R-11] are looked for in %s', async (path) => {
    const { inspect } = await inspector()
    expect(await inspect(parquet({ type: MILLIS, values: [1n] }), path)).toMatchObject({ status: 'known' })
  })

  it.each(['a/b.csv', 'a/parquet', 'a/b.parquet.tmp', 'a.parquet/b'])(
    '[R-11] are not looked for in %s',
    async (path) => {
      const { inspect, results } = await inspector()
      expect(await inspect(parquet({ type: MILLIS, values: [1n] }), path)).toEqual({ status: 'unknown' })
      expect(results()).toEqual({})
    },
  )
})

describe('what does not say all of it', () => {
  const optional = { ...MILLIS, repetition_type: 'OPTIONAL' as const }

  it('[R-11] rows without a time leave the times unknown; a column that may have some, and has none, does not', async () => {
    const { times, results } = await inspector()
    expect(await times(parquet({ type: optional, values: [1n, 2n] }))).toEqual({
      minTime: 1,
      maxTime: 2,
      rows: 2,
    })
    expect(await times(parquet({ type: optional, values: [1n, null, 2n] }))).toBeUndefined()
    // In one of three row groups, all are missing.
    const values = [1n, 2n, null, null, 5n, 6n]
    expect(await times(parquet({ type: optional, values, rowGroupSize: 2 }))).toBeUndefined()
    expect(results()).toEqual({ known: 1, nulls: 2 })
  })

  it('[R-11] without statistics nothing is known, and without rows neither', async () => {
    const { times, results } = await inspector()
    expect(await times(parquet({ type: MILLIS, values: [1n, 2n], statistics: false }))).toBeUndefined()
    expect(await times(parquet({ type: optional, values: [1n, 2n], statistics: false }))).toBeUndefined()
    expect(await times(parquet({ type: MILLIS, values: [] }))).toBeUndefined()
    expect(results()).toEqual({ no_statistics: 2, no_rows: 1 })
  })

  it.each<[string, ColumnType, unknown[]]>([
    ['text', { type: 'BYTE_ARRAY', repetition_type: 'REQUIRED', converted_type: 'UTF8' }, ['2026-01-01']],
    ['floating point', { type: 'DOUBLE', repetition_type: 'REQUIRED' }, [1.5]],
    ['plain INT32', { type: 'INT32', repetition_type: 'REQUIRED' }, [1]],
    ['a time of day', plain({ logical_type: { type: 'TIME', isAdjustedToUTC: true, unit: 'MICROS' } }), [1n]],
    ['unsigned numbers', plain({ logical_type: { type: 'INTEGER', bitWidth: 64, isSigned: false } }), [1n]],
    ['decimals', plain({ converted_type: 'DECIMAL', scale: 2, precision: 10 }), [1n]],
    ['the ancient INT96', { type: 'INT96', repetition_type: 'REQUIRED' } as ColumnType, []],
  ])('[R-11] %s is no time', async (_what, type, values) => {
    const { times, results } = await inspector({ unit: 'ms' })
    expect(await times(parquet({ type, values }))).toBeUndefined()
    expect(results()).toEqual({ column_type: 1 })
  })

  it('[R-11] a time that the manifest could not keep is none', async () => {
    const { times, results } = await inspector()
    expect(await times(parquet({ type: MILLIS, values: [0n, 2n ** 62n] }))).toBeUndefined()
    expect(await times(parquet({ type: MILLIS, values: [-(2n ** 62n), 0n] }))).toBeUndefined()
    expect(results()).toEqual({ implausible: 2 })
  })
})
