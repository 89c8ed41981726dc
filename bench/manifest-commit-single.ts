import type { NewEntry } from '@holdfast/core'
import { againstLmdb, puts, shareOut } from './against-lmdb.ts'
import { CALLERS, commitEach, idOf } from './callers.ts'
import { benchNode, makeEntries, stillClock } from './manifest-node.ts'
import type { BenchLine } from './pairs.ts'

const ROUNDS = 50
const N = CALLERS * ROUNDS
const BOUND = 5

/**
 * 64 callers that register one file, wait until it is durable, and go on; against lmdb making each file durable by a
 * transaction of its own, with the very rows that came of it. What many callers share (log record, counters) the peer
 * puts once a round only, encoded already: it has no more to write than the manifest.
 */
export async function manifestCommitSingle(): Promise<BenchLine> {
  const entries = makeEntries(0, N)
  const {
    compared: [compared],
    about,
  } = await againstLmdb({
    n: N,
    register: (dataDir) => registerEach(dataDir, entries),
    peers(written) {
      const files = entries.map((entry, index) => [
        ...written.takeFile(entry),
        written.take(`b${idOf(index)}`),
      ])
      const last = files.filter((_, index) => index % CALLERS === CALLERS - 1)
      for (const [round, rows] of last.entries())
        rows.push(written.takeAt('L', round + 1), written.takeAt('s', round + 1))
      shareOut(written, last)
      return [puts(files)]
    },
  })
  return {
    ...compared,
    bound: BOUND,
    pass: compared.ratio >= BOUND,
    ...about,
    peerCommand: `lmdb-js putSync of the same rows of each of ${N} files in a transactionSync of its own`,
  }
}

async function registerEach(dataDir: string, entries: readonly NewEntry[]): Promise<number> {
  await using node = await benchNode({ dataDir, clock: stillClock }).start()
  const authority = node.service('manifest')
  const start = performance.now()
  await commitEach(authority, entries)
  return performance.now() - start
}
