import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter } from '../src/format/bytes.ts'
import { readKeyRow } from '../src/format/key-row.ts'
import { readRecord } from '../src/format/record.ts'
import { T0 } from './support.ts'

describe('what format 1 has written', () => {
  it('[M-22] records are read: their ops said less', () => {
    const writer = new ByteWriter().u8(1).u64(0n).varint(1).varint(T0).text('node-1').varint(1)
    writer.text('01ARZ3NDEKTSV4RRFFQ69G5FAV').u8(0).varint(2)
    writer.u8(2).text('a/x').u8(3).text('a/y')
    expect(readRecord(writer.copy()).batches[0]?.ops).toEqual([
      { type: 'undo', key: 'a/x' },
      { type: 'doom', key: 'a/y', keep: 30 * 86_400_000 },
    ])
  })

  it('[M-22] tombstones are read: all were plain', () => {
    const writer = new ByteWriter().u8(1).u8(3).varint(T0).varint(7)
    const row = { state: 'gone', as: 'plain', until: T0, generation: 7 }
    expect(readKeyRow(new ByteReader(writer.copy()))).toEqual(row)
  })
})
