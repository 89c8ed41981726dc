import { createHash } from 'node:crypto'
import { type Clock, createNode, type NewEntry, parseKey, parsePath } from '@holdfast/core'
import { manifest } from '@holdfast/manifest'
import { backendMemory, MemoryObjects } from '@holdfast/testkit'
import { open, type RootDatabase } from 'lmdb'

export const BATCH = 1000
const FILES_AN_HOUR = 20
const T0 = Date.UTC(2026, 0, 1)

export interface NodeParts {
  readonly dataDir: string
  /** The store behind the manifest: a node that starts again must find its own. */
  readonly objects?: MemoryObjects
  readonly clock?: Clock
}

/** A node that has a manifest, and keeps its bytes in memory. */
export function benchNode({ dataDir, objects = new MemoryObjects(), clock }: NodeParts) {
  return createNode({
    plugins: [backendMemory({ objects }), manifest({ dataDir })],
    id: 'bench-node',
    log: 'silent',
    ...(clock && { clock }),
  })
}

/** Stands still: two runs write the same bytes. */
export const stillClock: Clock = {
  now: () => T0,
  monotonic: () => 0,
  timer: () => ({ clear: () => undefined, [Symbol.dispose]: () => undefined }),
}

/** The entries from the `from`-th on, as files that a writer of hourly data makes. */
export function makeEntries(from: number, count: number): NewEntry[] {
  return Array.from({ length: count }, (_, offset) => {
    const index = from + offset
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

/** Makes a data folder that lists so many files, registered in batches of 1000, and gives what its store holds. */
export async function makeDataDir(dataDir: string, files: number): Promise<MemoryObjects> {
  const objects = new MemoryObjects()
  await using node = await benchNode({ dataDir, objects }).start()
  const authority = node.service('manifest')
  for (let from = 0; from < files; from += BATCH)
    await authority.commit({
      ops: makeEntries(from, BATCH).map((entry) => ({ type: 'register' as const, entry })),
    })
  return objects
}

export type Rows = RootDatabase<Buffer, Buffer>
export interface Row {
  readonly key: Buffer
  readonly value: Buffer
}

/** The manifest's environment, or one like it, opened by lmdb-js with what the manifest asks of it. */
export function openRows(path: string): Rows {
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
export function isCompared(key: Buffer): boolean {
  return !['N', 'P', 'E'].includes(String.fromCharCode(key[0]!))
}

export function hashOf(db: Rows): string {
  const hash = createHash('sha256')
  for (const { key, value } of db.getRange({})) if (isCompared(key)) hash.update(key).update(value)
  return hash.digest('hex')
}

/** The compared rows of a store under their names, as latin1. */
export function comparedRows(db: Rows): Map<string, Row> {
  const rows = new Map<string, Row>()
  for (const { key, value } of db.getRange({}))
    if (isCompared(key))
      rows.set(key.toString('latin1'), { key: Buffer.from(key), value: Buffer.from(value) })
  return rows
}
