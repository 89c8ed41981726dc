import { createRequire } from 'node:module'
import { definePlugin, type FileTimes, type InspectedFile, oneOf, type Plugin, text } from '@holdfast/core'
import { readFooter } from './footer.ts'
import type { ColumnOptions } from './time-column.ts'
import { timesOf } from './times.ts'
import { NotKnown, type Unknown } from './unknown.ts'

declare module '@holdfast/core' {
  interface Metrics {
    /** Parquet files that were looked into: `known`, or why their times are not. */
    holdfast_inspect_parquet_total: { kind: 'counter'; labels: 'result' }
  }
}

export interface InspectParquetOptions {
  /** The column at the top of the schema that has the time of each row. Default `time`. */
  readonly column?: string
  /** What a column of plain INT64 numbers counts, since 1970 UTC. Default `off`: its times are unknown. */
  readonly unit?: 'off' | 's' | 'ms' | 'us' | 'ns'
  /** `utc`: timestamps without a time zone are in UTC. Default `unknown`: nobody knows when they were. */
  readonly localTimes?: 'utc' | 'unknown'
}

const PARQUET = /\.parquet$/i

/** Finds the times of Parquet files by the statistics in their footers. No rows are read. */
export function inspectParquet(options: InspectParquetOptions = {}): Plugin {
  return definePlugin({
    name: '@holdfast/inspect-parquet',
    id: 'inspect-parquet',
    version: createRequire(import.meta.url)('../package.json').version,
    api: '1.0',
    options: { ...options },
    config: {
      column: text({
        doc: 'The column at the top of the schema that has the time of each row.',
        default: 'time',
      }),
      unit: oneOf(['off', 's', 'ms', 'us', 'ns'], {
        doc: 'What a column of plain INT64 numbers counts, since 1970 UTC. With off its times are unknown.',
        default: 'off',
      }),
      localTimes: oneOf(['unknown', 'utc'], {
        doc: 'With utc, timestamps without a time zone are in UTC. With unknown nobody knows when they were.',
        default: 'unknown',
      }),
    },
    setup({ config, hooks, log, metrics }) {
      const results = metrics.counter(
        'holdfast_inspect_parquet_total',
        'Parquet files that were looked into: known, or why their times are not.',
      )
      hooks.inspectFile.tap(async (file) => {
        if (!PARQUET.test(file.path)) return undefined
        const found = await lookInto(file, config)
        const isKnown = typeof found === 'object'
        results.add({ result: isKnown ? 'known' : found })
        if (isKnown) return found
        const isWrong = found === 'footer_damaged' || found === 'implausible'
        log[isWrong ? 'warn' : 'debug'](
          { path: file.path, why: found },
          'the times of a Parquet file are not known',
        )
        return undefined
      })
    },
  })
}

async function lookInto(file: InspectedFile, options: ColumnOptions): Promise<FileTimes | Unknown> {
  try {
    return timesOf(await readFooter(file), options)
  } catch (error) {
    // What reading throws is the store's business, and no word on the file.
    if (error instanceof NotKnown) return error.why
    throw error
  }
}
