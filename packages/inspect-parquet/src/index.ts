export { type InspectParquetOptions, inspectParquet, inspectParquet as plugin } from './inspect-parquet.ts'
export type { Unknown } from './unknown.ts'
