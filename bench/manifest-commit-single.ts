import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NewEntry } from '@holdfast/core'
import { CALLERS, commitEach, idOf } from './callers.ts'
import {
  benchNode,
  comparedRows,
  hashOf,
  makeEntries,
  openRows,
  type Row,
  type Rows,
  stillClock,
} from './manifest-node.ts'
import { type BenchLine, comparePairs, fileSystemOf, type Sample } from './pairs.ts'

const ROUNDS = 50
const N = CALLERS * ROUNDS
const PAIRS = 7
const BOUND = 5

/**
 * 64 callers that register one file, wait until it is durable, and go on; against lmdb making each file durable by a
 * transaction of its own, with the very rows that came of it. What many callers share (log record, counters) the peer
 * puts once a round only, encoded already: it has no more to write than the manifest.
 */
export async function manifestCommitSingle(): Promise<BenchLine> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
  try {
    const entries = makeEntries(0, N)
    let count = 0
    let rows: Row[][] = []
    const ours = async (): Promise<Sample> => {
      const dataDir = join(folder, `ours-${count++}`)
      const ms = await registerEach(dataDir, entries)
      const db = openRows(join(dataDir, 'manifest'))
      if (rows.length === 0) rows = rowsByFile(db, entries)
      const result = hashOf(db)
      await db.close()
      rmSync(dataDir, { recursive: true })
      return { ms, result }
    }
    const peer = async (): Promise<Sample> => {
      const dataDir = join(folder, `peer-${count++}`)
      const db = openRows(dataDir)
      const start = performance.now()
      for (const file of rows)
        db.transactionSync(() => {
          for (const { key, value } of file) db.putSync(key, value)
        })
      const ms = performance.now() - start
      const result = hashOf(db)
      await db.close()
      rmSync(dataDir, { recursive: true })
      return { ms, result }
    }
    // The first run makes the rows that the peer puts.
    await ours()
    const compared = await comparePairs(PAIRS, N, ours, peer)
    return {
      ...compared,
      better: 'higher',
      bound: BOUND,
      pass: compared.ratio >= BOUND,
      n: N,
      fs: fileSystemOf(folder),
      sync: 'every transaction, overlappingSync: false',
      peerCommand: `lmdb-js putSync of the same rows of each of ${N} files in a transactionSync of its own`,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function registerEach(dataDir: string, entries: readonly NewEntry[]): Promise<number> {
  await using node = await benchNode({ dataDir, clock: stillClock }).start()
  const authority = node.service('manifest')
  const start = performance.now()
  await commitEach(authority, entries)
  return performance.now() - start
}

/** The rows of each file's own, in order; the shared ones of a round stand with the last file of it. */
function rowsByFile(db: Rows, entries: readonly NewEntry[]): Row[][] {
  const all = comparedRows(db)
  const take = (name: string | Buffer): Row => {
    const latin1 = Buffer.from(name).toString('latin1')
    const row = all.get(latin1)
    if (!row) throw new Error(`void: the manifest wrote no row ${latin1}`)
    all.delete(latin1)
    return row
  }
  const byPath = new Map(
    [...all.values()].filter(({ key }) => key[0] === 0x61).map(({ key }) => [key.toString('utf8', 13), key]),
  )
  const files = entries.map(({ path, key }, index) =>
    [`e${path}`, `k${key}`, byPath.get(path)!, `b${idOf(index)}`].map(take),
  )
  for (let round = 0; round < ROUNDS; round++) {
    const log = Buffer.alloc(9, 'L')
    log.writeBigUInt64BE(BigInt(round + 1), 1)
    const slot = Buffer.from(log)
    slot.write('s', 0)
    files[round * CALLERS + CALLERS - 1]!.push(take(log), take(slot))
  }
  // Counters and the head: once a round, as the manifest does. Folders are less than one a file.
  const shared = [...all.values()].filter(({ key }) => ['n', 'H'].includes(String.fromCharCode(key[0]!)))
  for (let round = 0; round < ROUNDS; round++) files[round * CALLERS + CALLERS - 1]!.push(...shared)
  for (const row of shared) all.delete(row.key.toString('latin1'))
  ;[...all.values()].forEach((row, index) => {
    files[index % N]!.push(row)
  })
  return files
}
