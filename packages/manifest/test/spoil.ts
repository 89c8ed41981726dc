import type { Running } from '../src/open-manifest.ts'
import { openedOf } from './opened.ts'
import type { TestNode } from './support.ts'

/** Damages one value where it lies, as a disk does, without anybody being told. Gives what stands there now. */
export function spoil({ node }: Pick<TestNode, 'node'>, row: Buffer): Buffer {
  const { store } = openedOf(node) as Running
  const value = store.get(row)
  if (!value) throw new Error(`there is no row ${row}`)
  const flipped = Buffer.from(value)
  flipped[0]! ^= 1
  store.transaction((writer) => writer.put(row, flipped))
  return flipped
}

/** What stands in a row. */
export function rowIn({ node }: Pick<TestNode, 'node'>, row: Buffer): Buffer | undefined {
  return (openedOf(node) as Running).store.get(row)
}
