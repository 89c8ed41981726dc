import type { QueuedErase, StorageKey } from '@holdfast/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EraseQueue } from '../src/erase/queue.ts'
import { named, retryRow, TABLE } from '../src/format/rows.ts'
import { createSeal } from '../src/format/seal.ts'
import { Rows } from '../src/state/rows.ts'
import type { KeyValue } from '../src/store/key-value.ts'
import { openLmdb } from '../src/store/lmdb.ts'
import { openMemory } from '../src/store/memory.ts'
import { tempFolder } from './support.ts'

const KEYS = ['a', 'b', 'c/d'] as StorageKey[]
const NOW = 1000

const key = fc.constantFrom(...KEYS)
const step = fc.oneof(
  fc.record({ what: fc.constantFrom('add', 'remove'), key, since: fc.nat(9) }),
  fc.record({
    what: fc.constant('put'),
    key,
    since: fc.nat(9),
    // A time from before the clock went back is further away than any wait.
    nextTry: fc.constantFrom(0, NOW - 1, NOW, NOW + 1, NOW + 10_000_000),
    setAside: fc.boolean(),
  }),
)
const attempt = fc.record({
  steps: fc.array(step, { maxLength: 5 }),
  ends: fc.constantFrom('kept', 'back', 'throw'),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

function perform(queue: EraseQueue, model: Map<string, QueuedErase>, given: Step): void {
  const { what, key, since } = given
  if ('nextTry' in given) {
    const { nextTry } = given
    const queued = { key, since, attempts: 3, nextTry, ...(given.setAside && { setAside: 'why' }) }
    queue.put(queued)
    model.set(key, queued)
  } else if (what === 'remove') {
    queue.remove(key)
    model.delete(key)
  } else {
    queue.add(key, since)
    model.set(key, { key, since, attempts: 0, nextTry: 0 })
  }
}

function agrees(queue: EraseQueue, model: ReadonlyMap<string, QueuedErase>): void {
  const all = [...model.values()]
  const tried = all.filter(({ setAside }) => setAside === undefined)
  for (const key of KEYS) expect(queue.get(key)).toEqual(model.get(key))
  const scanned = [...queue.scan()]
  expect(scanned).toHaveLength(all.length)
  expect(scanned).toEqual(expect.arrayContaining(all))
  expect(queue.active).toBe(tried.length)
  const waits = tried.filter(({ nextTry }) => nextTry === NOW + 1)
  const due = queue.due(NOW, 10)
  expect(due.map(({ key }) => key).sort()).toEqual(
    tried
      .filter((queued) => !waits.includes(queued))
      .map(({ key }) => key)
      .sort(),
  )
  for (const queued of due) expect(queued).toEqual(model.get(queued.key))
  expect(queue.due(NOW, 1)).toEqual(due.slice(0, 1))
  const next = tried.map(({ nextTry }) => nextTry)
  expect(queue.next()).toBe(next.length === 0 ? undefined : Math.min(...next))
}

/** Two rows for each, of which the first said when it is tried and nothing else. */
function writeAsFormat3(rows: Rows, key: StorageKey, model: Map<string, QueuedErase>): void {
  rows.put(retryRow(0, key), () => undefined)
  rows.put(named(TABLE.erase, key), (payload) => void payload.varint(7).varint(0).varint(0).text(''))
  model.set(key, { key, since: 7, attempts: 0, nextTry: 0 })
}

async function check(open: () => KeyValue, numRuns: number): Promise<void> {
  const seal = await createSeal()
  const property = fc.property(fc.subarray(KEYS), fc.array(attempt, { maxLength: 8 }), (old, attempts) => {
    const store = open()
    const rows = new Rows(store, seal)
    let model = new Map<string, QueuedErase>()
    rows.transaction(() => {
      for (const key of old) writeAsFormat3(rows, key, model)
    })
    const queue = new EraseQueue(rows)
    agrees(queue, model)
    for (const { steps, ends } of attempts) {
      const after = new Map(model)
      const write = () =>
        rows.attempt(() => {
          for (const step of steps) perform(queue, after, step)
          return ends !== 'back'
        })
      try {
        rows.transaction(() => {
          write()
          if (ends === 'throw') throw new Error('in the middle')
        })
        if (ends === 'kept') model = after
      } catch (error) {
        expect(error).toMatchObject({ message: 'in the middle' })
        queue.reload()
      }
      agrees(queue, model)
      agrees(new EraseQueue(rows), model)
    }
    void store.close()
  })
  fc.assert(property, { numRuns })
}

describe('the queue of keys whose bytes have to go', () => {
  it('[R-05] has each key once, with what is known of its tries, and gives those whose time has come', async () => {
    await check(() => openMemory(), 1500)
    await check(() => openLmdb(tempFolder()), 20)
  })

  it('[R-05] a key that was never tried has one row', async () => {
    const store = openMemory()
    const rows = new Rows(store, await createSeal())
    const queue = new EraseQueue(rows)
    const size = () => store.count({ from: Buffer.from([0]), to: Buffer.from([0xff]), limit: 10 })
    rows.transaction(() => queue.add('a', 1))
    expect(size()).toBe(1)
    rows.transaction(() => queue.remove('a'))
    expect(size()).toBe(0)
  })
})
