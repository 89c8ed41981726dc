import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CALLERS, commitEach } from './callers.ts'
import { BATCH, benchNode, makeEntries, openRows, type Rows, stillClock } from './manifest-node.ts'
import { alone, type BenchLine, fileSystemOf } from './pairs.ts'

const N = 1000

/** What 1000 registered files cost in transactions, each of which is one sync, and in rows: the same on every machine. */
export async function manifestCounts(): Promise<BenchLine & Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
  try {
    await using node = await benchNode({ dataDir: folder, clock: stillClock }).start()
    const authority = node.service('manifest')
    const db = openRows(join(folder, 'manifest'))
    const entries = makeEntries(0, 2 * N)
    const batched = await counted(db, () =>
      authority.commit({ ops: entries.slice(0, BATCH).map((entry) => ({ type: 'register', entry })) }),
    )
    const single = await counted(db, () => commitEach(authority, entries.slice(N)))
    await db.close()
    const expected = { batched: 1, single: Math.ceil(N / CALLERS) }
    return {
      ...alone,
      ours: batched.transactions + single.transactions,
      better: 'lower',
      bound: expected.batched + expected.single,
      n: N,
      fs: fileSystemOf(folder),
      sync: 'every transaction',
      peerCommand: 'none: transactions for n files in one batch, and for n by single callers',
      batched,
      single,
      expected,
      pass: batched.transactions === expected.batched && single.transactions === expected.single,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Stats {
  readonly lastTxnId: number
  readonly entryCount: number
}

async function counted(db: Rows, work: () => Promise<unknown>) {
  const before = statsOf(db)
  await work()
  const after = statsOf(db)
  return {
    transactions: after.lastTxnId - before.lastTxnId,
    rows: after.entryCount - before.entryCount,
  }
}

/** A read transaction lives for a turn of the event loop: this one must be new. */
function statsOf(db: Rows): Stats {
  db.resetReadTxn()
  return db.getStats() as Stats
}
