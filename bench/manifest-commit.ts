import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createNode, type NewEntry, parseKey, parsePath } from '@holdfast/core'
import { manifest } from '@holdfast/manifest'
import { backendMemory } from '@holdfast/testkit'
import { open, type RootDatabase } from 'lmdb'
import { type BenchLine, comparePairs, fileSystemOf, type Sample } from './pairs.ts'

const N = 100_000
const BATCH = 1000
const PAIRS = 7
const FILES_AN_HOUR = 20
const T0 = Date.UTC(2026, 0, 1)

type Rows = RootDatabase<Buffer, Buffer>
interface Row {
  readonly key: Buffer
  readonly value: Buffer
}

/**
 * Registers N files in batches of 1000, against lmdb putting the very rows that came of it: the same bytes, in the
 * same order, in as many transactions with the same sync. The peer gets its rows encoded already.
 */
export async function manifestCommit(): Promise<BenchLine> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
  try {
    const entries = makeEntries()
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

function makeEntries(): NewEntry[] {
  return Array.from({ length: N }, (_, index) => {
    const hour = Math.floor(index / FILES_AN_HOUR)
    const minTime = T0 + hour * 3_600_000
    const folder = `sales/${new Date(minTime).toISOString().slice(0, 13).replace(/[-T]/g, '/')}`
    const ulid = `01ARZ3NDEKTSV4RRFFQ6${String(index).padStart(6, '0')}`
    return {
      path: parsePath(`${folder}/part-${index % FILES_AN_HOUR}.parquet`),
      key: parseKey(`${folder}/part-${index % FILES_AN_HOUR}~${ulid}.parquet`),
      namespace: 'sales',
      size: 1_000_000 + index,
      checksum: `sha256:${createHash('sha256').update(String(index)).digest('hex')}`,
      minTime,
      maxTime: minTime + 3_599_999,
      timesFrom: 'path',
      rows: 1000,
      createdAt: T0,
      origin: 'bench-node',
      storeId: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
    }
  })
}

async function registerAll(dataDir: string, entries: readonly NewEntry[]): Promise<number> {
  // A clock that stands still and ids that count: both sides' rows must be the same bytes.
  const clock = {
    now: () => T0,
    monotonic: () => 0,
    timer: () => ({ clear: () => undefined, [Symbol.dispose]: () => undefined }),
  }
  await using node = await createNode({
    plugins: [backendMemory(), manifest({ dataDir })],
    id: 'bench-node',
    clock,
    log: 'silent',
  }).start()
  const authority = node.service('manifest')
  const start = performance.now()
  for (let from = 0; from < N; from += BATCH) {
    const ops = entries.slice(from, from + BATCH).map((entry) => ({ type: 'register' as const, entry }))
    await authority.commit({ id: `01ARZ3NDEKTSV4RRFFQ69${String(from).padStart(5, '0')}`, ops })
  }
  return performance.now() - start
}

function openRows(path: string): Rows {
  return open<Buffer, Buffer>({
    path,
    keyEncoding: 'binary',
    encoding: 'binary',
    overlappingSync: false,
    cache: false,
    compression: false,
  })
}

/** This node's own rows differ from run to run; a benchmark compares the others and the log. */
function isCompared(key: Buffer): boolean {
  return !['N', 'P', 'E'].includes(String.fromCharCode(key[0]!))
}

function hashOf(db: Rows): string {
  const hash = createHash('sha256')
  for (const { key, value } of db.getRange({})) if (isCompared(key)) hash.update(key).update(value)
  return hash.digest('hex')
}

/** The rows of each transaction in the order in which the manifest writes them, with the bytes that they ended with. */
function rowsByTransaction(db: Rows, entries: readonly NewEntry[]): Row[][] {
  const all = new Map<string, Row>()
  const byPath = new Map<string, Row>()
  for (const { key, value } of db.getRange({})) {
    if (!isCompared(key)) continue
    const row = { key: Buffer.from(key), value: Buffer.from(value) }
    all.set(row.key.toString('latin1'), row)
    if (key[0] === 0x61) byPath.set(key.toString('utf8', 13), row)
  }
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
