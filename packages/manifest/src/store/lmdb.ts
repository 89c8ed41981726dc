import { dirname } from 'node:path'
import { HoldfastError, messageOf } from '@holdfast/core'
import { type Database, open } from 'lmdb'
import { syncPath } from '../disk/durable-folder.ts'
import type { KeyValue, Row } from './key-value.ts'

const NO_OVERWRITE = { noOverwrite: true }

/** The manifest's rows in an LMDB environment in `folder`. `readOnly`: for a look, by a process of its own. */
export function openLmdb(folder: string, { readOnly = false } = {}): KeyValue {
  let asTexts = false
  const db: Database<Buffer, Buffer> = sound(folder, () =>
    open<Buffer, Buffer>({
      path: folder,
      keyEncoder: {
        writeKey: (key: Buffer, target: Buffer, at: number) => {
          target.set(key, at)
          return at + key.length
        },
        // Out of the one buffer that lmdb reads into: to a string without a buffer between, or to the pool of small ones.
        readKey: (source: Buffer, from: number, to: number) =>
          asTexts ? source.toString('utf8', from + 1, to) : copy(source, from, to),
      },
      encoding: 'binary',
      // Visible means durable: with the default, a commit is seen before it is synced.
      overlappingSync: false,
      cache: false,
      compression: false,
      readOnly,
    }),
  )
  // LMDB makes its file and its folder and leaves their names to the page cache.
  if (!readOnly) for (const path of [folder, dirname(folder)]) syncPath(path)
  const writer = {
    put: (key: Buffer, value: Buffer) => void db.putSync(key, value),
    // One descent of the tree says whether the row is there and writes it.
    insert: (key: Buffer, value: Buffer) => db.putSync(key, value, NO_OVERWRITE) as unknown as boolean,
    remove: (key: Buffer) => void db.removeSync(key),
  }
  return {
    get: (key) => sound(folder, () => db.get(key)),
    range: ({ from, to, limit, reverse = false }) => {
      // A reverse scan of lmdb-js has its upper end inside and its lower end outside; ours are the other way round.
      const bounds = reverse
        ? { start: to, end: from, reverse, exclusiveStart: true, inclusiveEnd: true }
        : { start: from, end: to }
      return sound(folder, () => [...db.getRange({ ...bounds, limit })] as { key: Buffer; value: Buffer }[])
    },
    map: ({ from, to, limit }, read) =>
      sound(folder, () => {
        const items = []
        for (const row of db.getRange({ start: from, end: to, limit })) items.push(read(row as Row))
        return items
      }),
    texts: ({ from, to, limit }) => {
      asTexts = true
      try {
        return sound(folder, () => [...db.getKeys({ start: from, end: to, limit })] as unknown as string[])
      } finally {
        asTexts = false
      }
    },
    count: ({ from, to, limit }) => sound(folder, () => db.getKeysCount({ start: from, end: to, limit })),
    transaction: (fn) => db.transactionSync(() => fn(writer)),
    close: () => db.close(),
  }
}

/** LMDB's numbers for pages that it cannot follow: page not found, corrupted, panic, version mismatch, invalid. */
const DAMAGE: ReadonlySet<unknown> = new Set([-30797, -30796, -30795, -30794, -30793])

/** @throws HF_MANIFEST_CORRUPT for what LMDB finds damaged by itself */
function sound<T>(folder: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!DAMAGE.has((error as { readonly code?: unknown }).code)) throw error
    throw new HoldfastError('HF_MANIFEST_CORRUPT', `a page in ${folder} is damaged: ${messageOf(error)}`, {
      context: { folder },
      cause: error,
    })
  }
}

function copy(source: Buffer, from: number, to: number): Buffer {
  const bytes = Buffer.allocUnsafe(to - from)
  source.copy(bytes, 0, from, to)
  return bytes
}
