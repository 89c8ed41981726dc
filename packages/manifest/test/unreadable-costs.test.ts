import type { QueuedErase, StorageKey } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { EraseQueue } from '../src/erase/queue.ts'
import { named, retryRow, TABLE } from '../src/format/rows.ts'
import { createSeal } from '../src/format/seal.ts'
import { Rows } from '../src/state/rows.ts'
import { openMemory } from '../src/store/memory.ts'

const QUEUED = 4000
const DAMAGED = 50

/** Counts the looks at the store. */
class CountingRows extends Rows {
  readonly looks = { names: 0, sound: 0, has: 0 }

  override names(...given: Parameters<Rows['names']>): Buffer[] {
    this.looks.names++
    return super.names(...given)
  }

  override has(row: Buffer): boolean {
    this.looks.has++
    return super.has(row)
  }

  override sound<T>(...[range, read, options]: Parameters<typeof Rows.prototype.sound<T>>) {
    this.looks.sound++
    return super.sound(range, read, options)
  }

  /** Looks that `work` takes. */
  during(work: () => unknown): CountingRows['looks'] {
    const before = { ...this.looks }
    work()
    const { names, sound, has } = this.looks
    return { names: names - before.names, sound: sound - before.sound, has: has - before.has }
  }
}

function numbered(letter: string, count: number): StorageKey[] {
  return Array.from({ length: count }, (_, at) => `${letter}/${String(at).padStart(5, '0')}` as StorageKey)
}

/** A queue of keys that were not tried, behind some that were and of which the rows of a table are damaged. */
async function damagedQueue(table: 'erase' | 'retry', count: number) {
  const store = openMemory()
  const rows = new CountingRows(store, await createSeal())
  const queue = new EraseQueue(rows)
  const damaged = numbered('a', count)
  const again = (key: StorageKey): QueuedErase => ({ key, since: 1, attempts: 1, nextTry: 5 })
  rows.transaction(() => {
    for (const key of numbered('f', QUEUED)) queue.add(key, 1)
    for (const key of damaged) table === 'erase' ? queue.put(again(key)) : queue.add(key, 1)
  })
  const row = (key: StorageKey) => (table === 'erase' ? named(TABLE.erase, key) : retryRow(0, key))
  for (const key of damaged) {
    const value = Buffer.from(store.get(row(key))!)
    value[0]! ^= 1
    store.transaction((writer) => writer.put(row(key), value))
  }
  return { rows, queue, damaged, again, row }
}

describe('what damaged rows cost', () => {
  it('[M-17] a look at the queue is no look for each of them', async () => {
    const { rows, queue } = await damagedQueue('erase', DAMAGED)
    for (let times = 0; times < 2; times++)
      expect(rows.during(() => [...queue.scan()])).toMatchObject({ names: 0 })
    // All that is queued, by pages, once.
    expect(rows.during(() => expect(queue.active).toBe(QUEUED))).toMatchObject({ names: 5 })
    rows.transaction(() => queue.add('z', 1))
    expect(rows.during(() => expect(queue.active).toBe(QUEUED + 1))).toMatchObject({ names: 0 })
  })

  it('[M-17] all that are tried anew are looked for once, and not in the transaction', async () => {
    const { rows, queue, damaged, again, row } = await damagedQueue('erase', DAMAGED)
    expect(rows.during(() => queue.timesOf(damaged))).toMatchObject({ names: 5 })
    const renew = () => queue.renew(damaged.map((key) => ({ key, row: row(key), queued: again(key) })))
    expect(rows.during(() => rows.transaction(renew))).toMatchObject({ names: 0 })
    expect([...queue.scan()]).toHaveLength(QUEUED + DAMAGED)
    expect(queue.active).toBe(QUEUED + DAMAGED)
  })

  it('[M-17] many before the first that is due are passed by pages, and counted after a change only', async () => {
    const { rows, queue } = await damagedQueue('retry', 3000)
    queue.due(1, 1000)
    expect(rows.during(() => expect(queue.due(1, 1)).toHaveLength(1)).sound).toBeLessThanOrEqual(4)
    expect(rows.during(() => expect(queue.active).toBe(QUEUED)).has).toBeGreaterThan(0)
    expect(rows.during(() => [queue.active, queue.unreadable.all()]).has).toBe(0)
    rows.transaction(() => queue.remove('a/00000'))
    expect(queue.unreadable.all()).toHaveLength(2999)
    expect(queue.active).toBe(QUEUED)
  })
})
