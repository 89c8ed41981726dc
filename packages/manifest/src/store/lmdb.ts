import { dirname, join } from 'node:path'
import { HoldfastError, messageOf } from '@holdfast/core'
import { type Database, open, type Transaction } from 'lmdb'
import { syncPath } from '../disk/durable-folder.ts'
import type { KeyValue, RangeQuery, Row } from './key-value.ts'

/** Visible means durable: by default LMDB shows a commit before it is synced. */
export const DURABILITY = { overlappingSync: false, noSync: false }

const NO_OVERWRITE = { noOverwrite: true }

/** The manifest's rows in an LMDB environment in `folder`. `readOnly`: for a look, by a process of its own. */
export function openLmdb(folder: string, { readOnly = false } = {}): KeyValue {
  let asTexts = false
  const snapshots = new Set<() => void>()
  const viewOf = views()
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
      ...DURABILITY,
      cache: false,
      compression: false,
      readOnly,
    }),
  )
  // LMDB makes its file and its folder and leaves them to the page cache: what is said to be there must not be empty.
  if (!readOnly) for (const path of [join(folder, 'data.mdb'), folder, dirname(folder)]) syncPath(path)
  const writer = {
    put: (key: Buffer, value: Uint8Array) => void db.putSync(key, value as Buffer),
    // One descent of the tree says whether the row is there and writes it.
    insert: (key: Buffer, value: Uint8Array) =>
      db.putSync(key, value as Buffer, NO_OVERWRITE) as unknown as boolean,
    remove: (key: Buffer) => db.removeSync(key),
  }
  const range = ({ from, to, limit, reverse = false }: RangeQuery, transaction?: Transaction) => {
    // A reverse scan of lmdb-js has its upper end inside and its lower end outside; ours are the other way round.
    const bounds = reverse
      ? { start: to, end: from, reverse, exclusiveStart: true, inclusiveEnd: true }
      : { start: from, end: to }
    const options = { ...bounds, limit, ...(transaction && { transaction }) }
    return sound(folder, () => [...db.getRange(options)] as { key: Buffer; value: Buffer }[])
  }
  return {
    get: (key) => sound(folder, () => db.get(key)),
    look: (key, read) => {
      const value = sound(folder, () => db.getBinaryFast(key))
      return value && read(viewOf(value))
    },
    range: (query) => range(query),
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
    snapshot() {
      const transaction = db.useReadTransaction()
      const close = () => {
        if (snapshots.delete(close)) transaction.done()
      }
      snapshots.add(close)
      const read = (query: RangeQuery) => {
        if (snapshots.has(close)) return range(query, transaction)
        throw new HoldfastError('HF_STOPPED', 'the manifest that is read was closed')
      }
      return { range: read, close }
    },
    // A transaction that outlives its environment reads what is not there any more.
    close: () => {
      for (const end of snapshots) end()
      return db.close()
    },
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

/** Up to this length a view is kept, bytes. */
const VIEWS = 2048

/**
 * Gives what lmdb-js has read as a buffer of its length. It reads into one place, over and over, by a buffer that is
 * longer than it says; to make one for each value costs as much as to read it.
 */
function views(): (value: Buffer) => Buffer {
  let kept: Buffer[] = []
  let [place, from]: [ArrayBufferLike | undefined, number] = [undefined, 0]
  return ({ buffer, byteOffset, length }) => {
    if (length > VIEWS) return Buffer.from(buffer, byteOffset, length)
    if (buffer !== place || byteOffset !== from) [kept, place, from] = [[], buffer, byteOffset]
    kept[length] ??= Buffer.from(buffer, byteOffset, length)
    return kept[length]
  }
}

function copy(source: Buffer, from: number, to: number): Buffer {
  const bytes = Buffer.allocUnsafe(to - from)
  source.copy(bytes, 0, from, to)
  return bytes
}
