import { describe, expect, it } from 'vitest'
import type { State } from '../src/state/state.ts'
import { openLmdb } from '../src/store/lmdb.ts'
import { openState } from './open-state.ts'
import { tempFolder, undo } from './support.ts'

describe('the transition table: batches that are remembered', () => {
  it('[M-16] row 40: the oldest batches are forgotten record by record, and never too many', async () => {
    const folder = tempFolder()
    const life = async () => openState(openLmdb(folder), 5)
    const ids = Array.from(
      { length: 12 },
      (_, at) => `01ARZ3NDEKTSV4RRFFQ69G5F${String(at).padStart(2, '0')}`,
    )
    const known = (state: State) => ids.filter((id) => state.recent.find(id)).map((id) => ids.indexOf(id))
    const first = await life()
    for (const [from, to] of [
      [0, 2],
      [2, 3],
      [3, 7],
    ] as const)
      first.apply(ids.slice(from, to).map((id) => ({ id, ops: [undo('a/nobody')], strict: false })))
    // Without the first record there are five: as many as have to be known.
    expect(known(first.state)).toEqual([2, 3, 4, 5, 6])
    await first.store.close()
    const second = await life()
    second.apply(ids.slice(7, 9).map((id) => ({ id, ops: [undo('a/nobody')], strict: false })))
    expect(known(second.state)).toEqual([3, 4, 5, 6, 7, 8])
    expect(second.check()).toEqual([])
    await second.store.close()
  })
})
