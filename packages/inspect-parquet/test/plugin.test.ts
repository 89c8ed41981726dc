import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { inspectParquet } from '@holdfast/inspect-parquet'
import { describePlugin } from '@holdfast/testkit'

const { resolve } = createRequire(import.meta.url)

describePlugin('inspect-parquet', () => inspectParquet({ column: 'at' }), {
  packageJson: pathToFileURL(resolve('@holdfast/inspect-parquet/package.json')),
  knobs: { column: 'event_time' },
})
