import { describe, expect, it } from 'vitest'
import { behind, named, TABLE } from '../src/format/rows.ts'
import { type FolderRow, readFolder } from '../src/state/folders.ts'
import { upgradeFrom2 } from '../src/state/upgrade.ts'
import { openMemory } from '../src/store/memory.ts'
import { batchOf, openState } from './open-state.ts'
import { register } from './support.ts'

describe('a store that an older version has written', () => {
  it('[M-22] of format 2 gets its folders counted apart from its files', async () => {
    const store = openMemory()
    const before = await openState(store)
    before.apply([
      batchOf(['a/x', 'a/b/x', 'a/b/y', 'a/b/c/d/x', 'e/f/x', 'g'].map((path) => register(path))),
    ])
    const { rows } = before.state
    const all = named(TABLE.folder, '')
    rows.transaction(() => {
      for (const row of rows.names(all, behind(all), 100)) {
        const { children } = rows.get(row, readFolder) as FolderRow
        rows.put(row, (payload) => payload.varint(children))
      }
      upgradeFrom2(before.state)
    })
    expect((await openState(store)).check()).toEqual([])
  })
})
