import { type FailpointName, FailpointRegistry } from '@holdfast/core'
import { runUntilCrash } from '@holdfast/testkit'
import { describe, it } from 'vitest'
import { distinct } from '../consumers/distinct.ts'
import { openStore } from '../consumers/store.ts'
import { tempFolder } from './folder.ts'
import { dataDirOf, witnessOf } from './node.ts'
import { KEPT, RECORDS, truncatingNode } from './truncating-node.ts'
import { testimony } from './witness.ts'

const PROGRAM = new URL('truncating.ts', import.meta.url)

function life(folder: string, kill: { readonly at?: FailpointName; readonly skip?: number } = {}) {
  return runUntilCrash(PROGRAM, { args: [folder], ...kill })
}

/** The log of a stopped node: its floor, its head, and the indexes of the records that are stored. */
async function logOf(folder: string) {
  await using store = await openStore(dataDirOf(folder))
  return store.stored()
}

describe.concurrent('a node that was killed while its log was truncated', { timeout: 60_000 }, () => {
  for (const at of ['log.truncate.before', 'log.truncate.after'] as const)
    for (const skip of [0, 2])
      it(`[M-09] killed at ${at}, pass ${skip + 1}: floor and records agree, and the tap has seen everything`, async ({
        expect,
      }) => {
        await using folder = await tempFolder()
        const first = await life(folder.path, { at, skip })
        expect(first).toMatchObject({ crashedAt: at })
        const crashed = await logOf(folder.path)
        const steps = at === 'log.truncate.after' ? skip + 1 : skip
        // A step is gone as a whole, with the floor above it, or not at all.
        expect(crashed.floor).toBe(steps === 0 ? 0 : steps * 100 - KEPT)
        expect(crashed.indexes).toEqual(range(crashed.floor, crashed.head))

        expect(await life(folder.path)).toMatchObject({ finished: true })
        const ended = await logOf(folder.path)
        expect(ended).toEqual({
          floor: RECORDS - KEPT,
          head: RECORDS,
          indexes: range(RECORDS - KEPT, RECORDS),
        })
        const seen = distinct(testimony(witnessOf(folder.path)).batches)
        expect(seen).not.toContain('truncated')
        expect(seen).toHaveLength(RECORDS)

        const node = await truncatingNode(folder.path, new FailpointRegistry()).start()
        expect(node.service('manifest').check()).toEqual([])
        await node.stop()
      })
})

/** Indexes behind a floor up to a head. */
function range(floor: number, head: number): number[] {
  return Array.from({ length: head - floor }, (_, at) => floor + 1 + at)
}
