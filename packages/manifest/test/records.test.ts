import { expect, it } from 'vitest'
import { ByteWriter } from '../src/format/bytes.ts'
import { readRecord } from '../src/format/record.ts'

it('[M-22] a record of format 1 is read with its term left out, and a doom that knew no time', () => {
  const writer = new ByteWriter().u8(1).u64(0n).varint(1).varint(5).text('node-1').varint(1)
  writer.text('01ARZ3NDEKTSV4RRFFQ69G5FAV').u8(0).varint(2)
  writer.u8(2).text('a/x').u8(3).text('a/y')
  const { time, batches } = readRecord(writer.copy())
  expect(time).toBe(5)
  expect(batches[0]?.ops).toEqual([
    { type: 'undo', key: 'a/x' },
    { type: 'doom', key: 'a/y', keep: 30 * 86_400_000 },
  ])
})
