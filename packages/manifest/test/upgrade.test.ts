import { join } from 'node:path'
import type { StorageKey } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { ByteWriter } from '../src/format/bytes.ts'
import { readRecord } from '../src/format/record.ts'
import { behind, dueRow, named, TABLE } from '../src/format/rows.ts'
import { createSeal } from '../src/format/seal.ts'
import { State } from '../src/state/state.ts'
import { openLmdb } from '../src/store/lmdb.ts'
import { key, register, T0, testNode } from './support.ts'

/** Makes the store of a stopped node one of format 1: recent batches one slot each, tombstones that say less. */
async function makeFormat1(dataDir: string): Promise<void> {
  const store = openLmdb(join(dataDir, 'manifest'))
  const state = new State(store, await createSeal())
  const { rows } = state
  rows.transaction(() => {
    const slots = named(TABLE.slot, '')
    for (const row of rows.names(slots, behind(slots), 100)) rows.remove(row)
    const batches = named(TABLE.batch, '')
    for (const [at, row] of rows.names(batches, behind(batches), 100).entries()) {
      const slot = Buffer.alloc(5, TABLE.slot)
      slot.writeUInt32BE(at, 1)
      rows.put(slot, (payload) => void payload.text(row.toString('utf8', 1)))
    }
    rows.put(
      named(TABLE.key, 'a/gone'),
      (payload) =>
        void payload
          .u8(1)
          .u8(3)
          .varint(T0 + 5)
          .varint(1),
    )
    rows.put(dueRow('gone', T0 + 5, 'a/gone'), () => undefined)
    rows.put(named(TABLE.node, 'format'), (payload) => void payload.varint(1))
    state.flush()
  })
  await store.close()
}

describe('data of format 1', () => {
  it('[M-22] is read and taken on in one transaction', async () => {
    const first = await testNode()
    const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV'
    await first.manifest.commit({ id, ops: [register('a/x', { maxTime: 1 })] })
    await first.commit(register('a/y'))
    await first.node.stop()
    await makeFormat1(first.dataDir)
    const second = await testNode({ dataDir: first.dataDir, objects: first.objects, clock: first.clock })
    expect(second.manifest.check()).toEqual([])
    expect(second.manifest.entries().items).toHaveLength(2)
    expect(second.manifest.key(key('a/gone'))).toMatchObject({ state: 'gone', as: 'plain', until: T0 + 5 })
    // Its batches are as if they were long ago.
    expect(await second.manifest.commit({ id, ops: [register('a/z')] })).toMatchObject({
      status: 'committed',
    })
    const third = await second.restart()
    expect(third.manifest.check()).toEqual([])
  })

  it('[M-22] records of format 1 are read', () => {
    const writer = new ByteWriter().u8(1).u64(0n).varint(1).varint(T0).text('node-1').varint(1)
    writer.text('01ARZ3NDEKTSV4RRFFQ69G5FAV').u8(0).varint(2)
    writer.u8(2).text('a/x').u8(3).text('a/y')
    expect(readRecord(writer.copy()).batches[0]?.ops).toEqual([
      { type: 'undo', key: 'a/x' as StorageKey },
      { type: 'doom', key: 'a/y' as StorageKey, keep: 30 * 86_400_000 },
    ])
  })
})
