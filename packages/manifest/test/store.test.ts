import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KeyValue } from '../src/store/key-value.ts'
import { openLmdb } from '../src/store/lmdb.ts'
import { openMemory } from '../src/store/memory.ts'
import { tempFolder } from './support.ts'

const key = (name: string) => Buffer.from(name)

const STORES: [string, () => KeyValue][] = [
  ['LMDB', () => openLmdb(tempFolder())],
  ['memory', openMemory],
]

describe.each(STORES)('a range of %s', (_name, open) => {
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

describe.each(STORES)('a look into %s', (_name, open) => {
  /** Each value says whose it is in every byte. */
  const bytesOf = (seed: number, length: number) => Buffer.alloc(length, `${seed}:${length};`)
  const length = fc.oneof(
    fc.integer({ min: 0, max: 80 }),
    // A view is kept for each length up to 2048.
    fc.constantFrom(0, 1, 2047, 2048, 2049, 5000, 70_000),
  )
  const step = fc.record({
    what: fc.constantFrom('put', 'look', 'get', 'map', 'within'),
    store: fc.nat(1),
    name: fc.nat(4),
    seed: fc.nat(9),
    length,
  })

  it('[M-04] gives each value whole, of whatever length, whatever was read before, of other stores too', async () => {
    const stores = [open(), open()]
    const known = stores.map(() => new Map<string, Buffer>())
    const look = (at: number, name: string) =>
      stores[at]?.look(key(name), (value) => [value.length, value.toString('latin1')])
    const expected = (at: number, name: string) => {
      const value = known[at]?.get(name)
      return value && [value.length, value.toString('latin1')]
    }
    const run = fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
      for (const { what, store: at, name: number, seed, length } of steps) {
        const [store, name] = [stores[at] as KeyValue, `k${number}`]
        const put = () =>
          store.transaction((writer) => {
            writer.put(key(name), bytesOf(seed, length))
            known[at]?.set(name, bytesOf(seed, length))
            if (what === 'put') return
            // A transaction sees its own writes, whatever else is looked at in between.
            expect(look(1 - at, name)).toEqual(expected(1 - at, name))
            expect(look(at, name)).toEqual(expected(at, name))
          })
        if (what === 'put' || what === 'within') put()
        if (what === 'get') expect(store.get(key(name))?.toString('latin1')).toBe(expected(at, name)?.[1])
        if (what === 'map') {
          const query = { from: key('k'), to: key('l'), limit: 9 }
          const rows = store.map(query, (row) => [row.key.toString(), row.value.toString('latin1')])
          for (const [found, value] of rows) expect(value).toBe(expected(at, found as string)?.[1])
        }
        expect(look(at, name)).toEqual(expected(at, name))
      }
    })
    fc.assert(run, { numRuns: 60 })
    for (const store of stores) await store.close()
  })

  it('[M-04] gives one that is larger than what the engine reads into, and small ones after it', async () => {
    const store = open()
    const large = bytesOf(1, 17 * 1024 * 1024)
    store.transaction((writer) => {
      writer.put(key('large'), large)
      writer.put(key('small'), bytesOf(2, 30))
      expect(store.look(key('large'), (value) => value.equals(large))).toBe(true)
      expect(store.look(key('small'), (value) => value.equals(bytesOf(2, 30)))).toBe(true)
    })
    for (let time = 0; time < 2; time++) {
      expect(store.look(key('small'), (value) => value.equals(bytesOf(2, 30)))).toBe(true)
      expect(store.look(key('large'), (value) => value.equals(large))).toBe(true)
    }
    expect(store.look(key('none'), () => true)).toBeUndefined()
    await store.close()
  })
})

describe('a look into memory', () => {
  it('[M-04] spoils what it lent when its turn is over, so that simulations find who keeps it', () => {
    const store = openMemory()
    const other = openMemory()
    for (const each of [store, other])
      each.transaction((writer) => {
        writer.put(key('a'), key('aaaa'))
        writer.put(key('b'), key('bb'))
      })
    const spoiled = Buffer.alloc(4, 0xff)
    expect(store.look(key('a'), (value) => value)).toEqual(spoiled)
    const [kept] = store.map({ from: key('a'), to: key('b'), limit: 1 }, ({ value }) => value)
    expect(kept).toEqual(spoiled)
    const nested = store.look(key('a'), (value) => {
      other.look(key('b'), () => undefined)
      return Buffer.from(value)
    })
    expect(nested).toEqual(spoiled)
    expect(store.get(key('a'))?.toString()).toBe('aaaa')
  })
})
