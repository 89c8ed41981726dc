import { createNode } from '@holdfast/core'
import { backendMemory, FakeClock, MemoryObjects } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { folderHome } from '../src/home.ts'
import { manifestIn } from '../src/manifest.ts'
import type { KeyValue } from '../src/store/key-value.ts'
import { FENCE, noErasing, register, T0, tempFolder } from './support.ts'

/** The same store; `tell` hears how many rows each call has come by. */
function counting(store: KeyValue, tell: (rows: number) => void): KeyValue {
  const told = <T>(result: T, rows: (result: T) => number): T => {
    tell(rows(result))
    return result
  }
  return {
    ...store,
    get: (key) => told(store.get(key), () => 1),
    look: (key, read) => told(store.look(key, read), () => 1),
    range: (query) => told(store.range(query), (rows) => rows.length),
    map: (query, read) => told(store.map(query, read), (items) => items.length),
    texts: (query) => told(store.texts(query), (texts) => texts.length),
    count: (query) => told(store.count(query), (count) => count),
    snapshot() {
      throw new Error('a start reads no whole state')
    },
  }
}

/** A stopped manifest of so many files, and what its next start reads. */
async function rowsReadByStart(files: number): Promise<number> {
  const dataDir = tempFolder()
  const objects = new MemoryObjects()
  let rows = 0
  const life = () =>
    createNode({
      id: 'node-1',
      plugins: [
        backendMemory({ objects }),
        manifestIn(
          (parts) => {
            const home = folderHome(parts)
            return {
              ...home,
              openManifest: async (options) =>
                counting(await home.openManifest(options), (count) => {
                  rows += count
                }),
            }
          },
          { dataDir, reserve: 0 },
        ),
        noErasing(),
      ],
      clock: new FakeClock(T0),
      log: 'silent',
    })
  const first = await life().start()
  for (let from = 0; from < files; from += 1000)
    await first.service('manifest').commit({
      ops: Array.from({ length: Math.min(1000, files - from) }, (_, at) =>
        register(`f${(from + at) % 50}/${from + at}`, { maxTime: from, namespace: `n${at % 20}` }),
      ),
      fence: FENCE,
    })
  await first.stop()
  rows = 0
  const second = life()
  await second.start()
  const read = rows
  const { items } = second.service('manifest').namespaces()
  expect(items.reduce((sum, namespace) => sum + namespace.files, 0)).toBe(files)
  await second.stop()
  return read
}

describe('opening a manifest', () => {
  it('[M-10] replays nothing: a start reads as many rows whether there are a hundred files or twenty thousand', async () => {
    const few = await rowsReadByStart(100)
    expect(few).toBeGreaterThan(0)
    expect(await rowsReadByStart(20_000)).toBe(few)
  })
})
