import { describe, expect, it } from 'vitest'
import type { KeyValue } from '../src/store/key-value.ts'
import { openLmdb } from '../src/store/lmdb.ts'
import { openMemory } from '../src/store/memory.ts'
import { tempFolder } from './support.ts'

const key = (name: string) => Buffer.from(name)

describe.each<[string, () => KeyValue]>([
  ['LMDB', () => openLmdb(tempFolder())],
  ['memory', openMemory],
])('a range of %s', (_name, open) => {
  it('[M-06] has its lower end inside and its upper end outside, in both directions', async () => {
    const store = open()
    store.transaction((writer) => {
      for (const name of ['a', 'b', 'c', 'd']) writer.put(key(name), key(name))
    })
    const names = (from: string, to: string, limit: number, reverse: boolean) =>
      store.range({ from: key(from), to: key(to), limit, reverse }).map((row) => row.key.toString())
    expect(names('b', 'd', 9, false)).toEqual(['b', 'c'])
    expect(names('b', 'd', 9, true)).toEqual(['c', 'b'])
    expect(names('b', 'd', 1, true)).toEqual(['c'])
    expect(names('b', 'c', 1, true)).toEqual(['b'])
    expect(names('b', 'b', 1, true)).toEqual([])
    await store.close()
  })
})
