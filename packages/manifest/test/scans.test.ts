import { statSync } from 'node:fs'
import { join } from 'node:path'
import { compareBytes, type Op } from '@holdfast/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { condemned, entries, entriesByAge, keys, namespaces, settings } from '../src/state/scans.ts'
import type { State } from '../src/state/state.ts'
import { openLmdb } from '../src/store/lmdb.ts'
import { openMemory } from '../src/store/memory.ts'
import { batchOf, openState } from './open-state.ts'
import { condemn, doom, erased, forget, register, T0, tempFolder, testNode } from './support.ts'

interface PageOfNames {
  readonly names: readonly string[]
  readonly next?: string | undefined
}
interface Scan {
  readonly page: (state: State, limit: number, after: string | undefined) => PageOfNames
  /** What makes a name appear in it, and vanish from it. */
  readonly add: (name: string) => Op[]
  readonly remove?: (state: State, name: string) => Op[]
}

const from = (after: string | undefined) => (after === undefined ? {} : { after })
const live = (name: string) => [register(name, { maxTime: T0, namespace: `n/${name}` })]
const leave = (state: State, name: string) => [condemn(name, state.entry(name as never)!.generation)]

const SCANS: Readonly<Record<string, Scan>> = {
  entries: {
    page: (state, limit, after) => {
      const { items, next } = entries(state, { limit, ...from(after) })
      return { names: items.map(({ path }) => path), next }
    },
    add: live,
    remove: leave,
  },
  'entries by age': {
    page: (state, limit, after) => {
      const query = { namespace: 'one', before: T0 + 1, limit, ...from(after) }
      const { items, next } = entriesByAge(state, query)
      return { names: items.map(({ path }) => path), next }
    },
    add: (name) => [register(name, { maxTime: T0, namespace: 'one' })],
    remove: leave,
  },
  condemned: {
    page: (state, limit, after) => {
      const { items, next } = condemned(state, { limit, ...from(after) })
      return { names: items.map(({ key }) => key), next }
    },
    add: (name) => [...live(name), condemn(name, 1)],
    remove: (_, name) => [doom(name)],
  },
  keys: {
    page: (state, limit, after) => {
      const { keys: found, next } = keys(state, { limit, ...from(after) })
      return { names: found, next }
    },
    add: live,
    remove: (state, name) => [...leave(state, name), doom(name), erased(name, 0), forget(name)],
  },
  namespaces: {
    page: (state, limit, after) => {
      const { items, next } = namespaces(state, { limit, ...from(after) })
      return { names: items.map(({ namespace }) => namespace.slice(2)), next }
    },
    add: live,
  },
  settings: {
    page: (state, limit, after) => {
      const { items, next } = settings(state, { limit, ...from(after) })
      return { names: items.map(({ name }) => name), next }
    },
    add: (name) => [{ type: 'set', name, value: 1 }],
    remove: (_, name) => [{ type: 'set', name }],
  },
}

/** Names whose order by UTF-16 units and by UTF-8 bytes differ. */
const unit = fc.constantFrom('a', 'b', 'é', '\u{ffee}', '\u{ff5e}', '\u{10000}', '\u{1f600}', '0')
const names = fc.uniqueArray(
  fc.array(unit, { minLength: 1, maxLength: 3 }).map((units) => units.join('')),
  {
    minLength: 1,
    maxLength: 24,
  },
)

/** One op each, as a batch names a key once. */
function run({ apply }: Awaited<ReturnType<typeof openState>>, ops: readonly Op[]): void {
  for (const op of ops) {
    const [applied] = apply([batchOf([op])], T0)
    expect(applied?.outcomes).toEqual([expect.objectContaining({ status: 'done' })])
  }
}

describe.each(Object.entries(SCANS))('a scan of %s', (_, { page, add, remove }) => {
  it('[M-06] is in byte order of UTF-8, complete, and goes on where its own key was deleted', async () => {
    let stores = 0
    const test = async (given: readonly string[], limit: number, without: readonly boolean[]) => {
      const open = await openState(stores++ < 5 ? openLmdb(tempFolder()) : openMemory())
      for (const name of given) {
        const [first, ...then] = add(name)
        run(open, [first!])
        for (const op of then)
          run(open, [op.type === 'condemn' ? { ...op, generation: open.state.head.generation } : op])
      }
      const seen: string[] = []
      const gone = new Set<string>()
      for (let after: string | undefined, at = 0; ; at++) {
        const { names: found, next } = page(open.state, limit, after)
        seen.push(...found)
        expect(found.length <= limit).toBe(true)
        if (next === undefined) break
        after = next
        // What the cursor names, and one that is yet to come.
        const last = found.at(-1)
        if (!remove || last === undefined || !without[at % without.length]) continue
        run(open, remove(open.state, last))
        const ahead = given.find((name) => compareBytes(name, last) > 0 && !gone.has(name))
        if (ahead === undefined) continue
        gone.add(ahead)
        run(open, remove(open.state, ahead))
      }
      const expected = given.filter((name) => !gone.has(name) || seen.includes(name)).sort(compareBytes)
      expect(seen).toEqual(expected)
      await open.store.close()
    }
    await fc.assert(
      fc.asyncProperty(
        names,
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
        test,
      ),
      { numRuns: 40 },
    )
  })
})

describe('between the pages of a scan', () => {
  it('[M-06] no read transaction is open: what is written meanwhile takes the room of what it replaces', async () => {
    const { manifest, files, commit, dataDir } = await testNode()
    for (let at = 0; at < 6; at++)
      await commit(...Array.from({ length: 100 }, (_, no) => register(`f/${at}-${no}`, { maxTime: T0 })))
    await commit(...Array.from({ length: 600 }, (_, no) => register(`g/${no}`)))
    for (let at = 0; at < 300; at++)
      await commit(condemn(`g/${at}`, manifest.entry(`g/${at}` as never)!.generation))
    const size = () => statSync(join(dataDir, 'manifest', 'data.mdb')).size
    const list = files.list()[Symbol.asyncIterator]()
    const leaving = files.condemned()[Symbol.asyncIterator]()
    const plain = manifest.entries({ limit: 10 })
    await list.next()
    await leaving.next()
    const round = async () => {
      for (let time = 0; time < 150; time++)
        await manifest.commit({ ops: [{ type: 'set', name: 's', value: 'x'.repeat(40_000) + time }] })
    }
    const growth = async () => {
      const before = size()
      await round()
      return size() - before
    }
    await round()
    const free = await growth()
    expect(manifest.entries({ limit: 10, after: plain.next! }).items).toHaveLength(10)
    let left = 0
    while (!(await list.next()).done) left++
    expect(left).toBe(600 + 300 - 1)
    // With a reader in the way nothing is used again, and the file grows by all that is written.
    using rows = manifest.rows()
    expect(await growth()).toBeGreaterThan(free * 1.7)
    expect(rows.head.position.index).toBeGreaterThan(0)
  })

  it('[M-06] but for a whole state that is read for another node: for ten minutes at most', async () => {
    const { manifest, commit, clock } = await testNode()
    await commit(...Array.from({ length: 1000 }, (_, no) => register(`f/${no}`)))
    using rows = manifest.rows()
    const pages = rows.pages()[Symbol.asyncIterator]()
    expect((await pages.next()).done).toBe(false)
    await clock.advance(599_000)
    expect((await pages.next()).done).toBe(false)
    await clock.advance(1_000)
    await expect(pages.next()).rejects.toMatchObject({ code: 'HF_STOPPED' })
  })
})
