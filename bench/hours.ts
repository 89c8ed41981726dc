import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { backendLocal } from '@holdfast/backend-local'
import { createNode, type NewEntry, parseKey, parsePath } from '@holdfast/core'
import { manifest } from '@holdfast/manifest'
import { retention } from '@holdfast/plugin-retention'
import { BATCH } from './manifest-node.ts'

const T0 = Date.UTC(2026, 0, 1)
const HOUR_MS = 3_600_000
const MAX_AGE_DAYS = 90

/** Files in folders of one hour each, of which the oldest have expired. Whole folders expire. */
export interface Hours {
  readonly root: string
  readonly files: number
  readonly folders: number
  readonly expiredFolders: number
}

/** What the clock of retention must say, so that exactly the expired hours have expired, ms since 1970 UTC. */
export function asOf({ expiredFolders }: Pick<Hours, 'expiredFolders'>): number {
  return T0 + expiredFolders * HOUR_MS + MAX_AGE_DAYS * 24 * HOUR_MS
}

export function expiredFiles({ files, folders, expiredFolders }: Omit<Hours, 'root'>): number {
  return (files / folders) * expiredFolders
}

/** Nothing is left to chance or to a default: bytes go as soon as the log says that they may. */
export function retentionNode({ dataDir, root }: { readonly dataDir: string; readonly root: string }) {
  return createNode({
    plugins: [
      backendLocal({ root }),
      manifest({ dataDir, eraseDelay: '0' }),
      retention({ policies: [{ id: 'raw', match: '**', maxAge: `${MAX_AGE_DAYS}d` }], eraseDelay: '0' }),
    ],
    id: 'bench-node',
    log: 'error',
  })
}

export function folderOf(hour: number): string {
  return `sales/${new Date(T0 + hour * HOUR_MS).toISOString().slice(0, 13).replace(/[-T]/g, '/')}`
}

function keyOf(hour: number, index: number): string {
  return `${folderOf(hour)}/part-${index}~01ARZ3NDEKTSV4RRFFQ6${String(index).padStart(6, '0')}.parquet`
}

function bytesOf(index: number): string {
  return `part ${index}\n`
}

/** Writes the files of some hours, in folders that are made anew. */
export function writeHours({ root, files, folders }: Hours, from: number, to: number): void {
  const each = files / folders
  for (let hour = from; hour < to; hour++) {
    const folder = join(root, folderOf(hour))
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    for (let index = hour * each; index < (hour + 1) * each; index++)
      writeFileSync(join(root, keyOf(hour, index)), bytesOf(index))
  }
}

/** Registers what `writeHours` writes, in a manifest of its own. */
export async function listHours(dataDir: string, { root, files, folders }: Hours): Promise<void> {
  await using node = await retentionNode({ dataDir, root }).start()
  const authority = node.service('manifest')
  for (let index = 0; index < files; index += BATCH) {
    const ops = Array.from({ length: Math.min(BATCH, files - index) }, (_, offset) => ({
      type: 'register' as const,
      entry: entryOf(Math.floor((index + offset) / (files / folders)), index + offset),
    }))
    await authority.commit({ ops })
  }
}

function entryOf(hour: number, index: number): NewEntry {
  const bytes = bytesOf(index)
  const minTime = T0 + hour * HOUR_MS
  return {
    path: parsePath(`${folderOf(hour)}/part-${index}.parquet`),
    key: parseKey(keyOf(hour, index)),
    namespace: 'sales',
    size: bytes.length,
    checksum: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
    minTime,
    maxTime: minTime + HOUR_MS - 1,
    timesFrom: 'path',
    createdAt: T0,
    origin: 'bench-node',
    storeId: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  }
}

/** How many files are left, and a digest of their names. */
export function left({ root, folders }: Hours): string {
  const hash = createHash('sha256')
  let count = 0
  for (let hour = 0; hour < folders; hour++)
    for (const name of namesIn(join(root, folderOf(hour))).sort()) {
      count++
      hash.update(`${name}\n`)
    }
  return `${count} files, ${hash.digest('hex')}`
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
