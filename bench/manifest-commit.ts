import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { NewEntry } from '@holdfast/core'
import {
  BATCH,
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

const N = 100_000
const PAIRS = 7

/**
 * Registers N files in batches of 1000, against lmdb putting the very rows that came of it: the same bytes, in the
 * same order, in as many transactions with the same sync. The peer gets its rows encoded already.
 */
export async function manifestCommit(): Promise<BenchLine> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
  try {
    const entries = makeEntries(0, N)
    let count = 0
    let rows: Row[][] = []
    const ours = async (): Promise<Sample> => {
      const dataDir = join(folder, `ours-${count++}`)
      collectGarbage()
      const ms = await registerAll(dataDir, entries)
      const db = openRows(join(dataDir, 'manifest'))
      if (rows.length === 0) rows = rowsByTransaction(db, entries)
      const result = hashOf(db)
      await db.close()
      rmSync(dataDir, { recursive: true })
      return { ms, result }
    }
    const peer = async (): Promise<Sample> => {
      const dataDir = join(folder, `peer-${count++}`)
      collectGarbage()
      const db = openRows(dataDir)
      const start = performance.now()
      for (const transaction of rows)
        db.transactionSync(() => {
          for (const { key, value } of transaction) db.putSync(key, value)
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
      bound: null,
      pass: true,
      n: N,
      fs: fileSystemOf(folder),
      sync: 'every transaction, overlappingSync: false',
      peerCommand: `lmdb-js putSync of the same ${rows[0]!.length} rows in each of ${rows.length} transactionSync`,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** So that neither side pays for what was left behind by the one before it, or by the comparison. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}

async function registerAll(dataDir: string, entries: readonly NewEntry[]): Promise<number> {
  // A clock that stands still and ids that count: both sides' rows must be the same bytes.
  await using node = await benchNode({ dataDir, clock: stillClock }).start()
  const authority = node.service('manifest')
  const start = performance.now()
  for (let from = 0; from < N; from += BATCH) {
    const ops = entries.slice(from, from + BATCH).map((entry) => ({ type: 'register' as const, entry }))
    await authority.commit({ id: `01ARZ3NDEKTSV4RRFFQ69${String(from).padStart(5, '0')}`, ops })
  }
  return performance.now() - start
}

/** The rows of each transaction in the order in which the manifest writes them, with the bytes that they ended with. */
function rowsByTransaction(db: Rows, entries: readonly NewEntry[]): Row[][] {
  const all = comparedRows(db)
  const byPath = new Map<string, Row>()
  for (const row of all.values()) if (row.key[0] === 0x61) byPath.set(row.key.toString('utf8', 13), row)
  const take = (name: string) => all.get(Buffer.from(name).toString('latin1'))!
  const shared = [...all.values()].filter(({ key }) => ['n', 'H'].includes(String.fromCharCode(key[0]!)))
  const folders = [...all.values()].filter(({ key }) => key[0] === 0x66)
  const transactions: Row[][] = []
  for (let from = 0; from < N; from += BATCH) {
    const index = from / BATCH
    const rows = entries
      .slice(from, from + BATCH)
      .flatMap(({ path, key }) => [take(`e${path}`), take(`k${key}`), byPath.get(path)!])
    const log = Buffer.alloc(9, 'L')
    log.writeBigUInt64BE(BigInt(index + 1), 1)
    const slot = Buffer.from(log)
    slot.write('s', 0)
    const own = [log, slot, Buffer.from(`b01ARZ3NDEKTSV4RRFFQ69${String(from).padStart(5, '0')}`)].map(
      (key) => all.get(key.toString('latin1'))!,
    )
    const share = folders.slice(
      Math.ceil((folders.length * index * BATCH) / N),
      Math.ceil((folders.length * (index + 1) * BATCH) / N),
    )
    transactions.push([...rows, ...own, ...share, ...shared])
  }
  return transactions
}
