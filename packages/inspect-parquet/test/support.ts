import {
  createNode,
  definePlugin,
  type Entry,
  type FileInspection,
  type FileTimes,
  type HoldfastNode,
  type Inspected,
  parsePath,
} from '@holdfast/core'
import { type InspectParquetOptions, inspectParquet, type Unknown } from '@holdfast/inspect-parquet'
import { backendMemory, FakeClock } from '@holdfast/testkit'
import type { SchemaElement } from 'hyparquet'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { onTestFinished } from 'vitest'

export interface Inspector {
  readonly node: HoldfastNode
  /** What the plugin says of these bytes, in a file of this path. */
  inspect(bytes: Uint8Array, path?: string): Promise<Inspected>
  /** Its times; undefined when it cannot tell. */
  times(bytes: Uint8Array): Promise<FileTimes | undefined>
  /** Why the plugin could not tell, so often each. */
  results(): Partial<Record<Unknown | 'known', number>>
}

/** A node with the plugin, over memory. */
export async function inspector(options: InspectParquetOptions = {}): Promise<Inspector> {
  let inspection: FileInspection | undefined
  let write: ((key: string, bytes: Uint8Array) => Promise<unknown>) | undefined
  const asker = definePlugin({
    name: 'test-asker',
    id: 'asker',
    version: '1.0.0',
    api: '1.0',
    needs: ['backend'],
    setup(ctx) {
      inspection = ctx.inspection
      ctx.onStart(({ backend }) => {
        write = (key, bytes) => backend.write(key, bytes)
      })
    },
  })
  const plugins = [backendMemory(), asker, inspectParquet(options)]
  const node = await createNode({
    plugins,
    id: 'n',
    clock: new FakeClock(),
    log: 'silent',
    storeRate: 'off',
  }).start()
  onTestFinished(() => node.stop())
  let files = 0
  const inspect = async (bytes: Uint8Array, given = 'a/file.parquet') => {
    const key = `a/${++files}` as Entry['key']
    await write?.(key, bytes)
    const path = parsePath(given)
    const facts = {
      namespace: 'a',
      checksum: 'sha256:00',
      createdAt: 1,
      origin: 'n',
      storeId: 's',
      generation: 1,
    }
    return (inspection as FileInspection).inspect({ path, key, size: bytes.length, ...facts })
  }
  return {
    node,
    inspect,
    async times(bytes) {
      const found = await inspect(bytes)
      if (found.status === 'known') return found.times
      if (found.status === 'unknown') return undefined
      throw new Error(`it is ${found.status}: ${JSON.stringify(found)}`)
    },
    results() {
      const metric = node.metrics.snapshot().find(({ name }) => name === 'holdfast_inspect_parquet_total')
      return Object.fromEntries((metric?.series ?? []).map(({ labels, value }) => [labels.result, value]))
    },
  }
}

export type ColumnType = Omit<SchemaElement, 'name'>

/** A column of times, as its schema says. */
export const TIMESTAMP = (unit: 'MILLIS' | 'MICROS' | 'NANOS', isAdjustedToUTC = true): ColumnType => ({
  type: 'INT64',
  repetition_type: 'REQUIRED',
  logical_type: { type: 'TIMESTAMP', isAdjustedToUTC, unit },
})

export interface Written {
  readonly type: ColumnType
  readonly values: readonly unknown[]
  readonly rowGroupSize?: number
  readonly statistics?: boolean
  readonly name?: string
}

/** A real Parquet file: a column of strings, then that of times. */
export function parquet({
  type,
  values,
  rowGroupSize = 1000,
  statistics = true,
  name = 'time',
}: Written): Uint8Array {
  const schema: SchemaElement[] = [
    { name: 'root', num_children: 2 },
    { name: 'what', type: 'BYTE_ARRAY', repetition_type: 'REQUIRED', converted_type: 'UTF8' },
    { name, ...type },
  ]
  const columnData = [
    { name: 'what', data: values.map((_, index) => `row ${index}`) },
    { name, data: [...values] },
  ]
  return new Uint8Array(parquetWriteBuffer({ schema, columnData, rowGroupSize, statistics }))
}
