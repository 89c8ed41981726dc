import { type Database, open } from 'lmdb'
import type { KeyValue, Row } from './key-value.ts'

/** The manifest's rows in an LMDB environment in `folder`. */
export function openLmdb(folder: string): KeyValue {
  let asTexts = false
  const db: Database<Buffer, Buffer> = open<Buffer, Buffer>({
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
  })
  const writer = {
    put: (key: Buffer, value: Buffer) => void db.putSync(key, value),
    remove: (key: Buffer) => void db.removeSync(key),
  }
  return {
    get: (key) => db.get(key),
    range: ({ from, to, limit, reverse = false }) => {
      // A reverse scan of lmdb-js starts at its upper end, inclusive; ours is exclusive.
      const bounds = reverse
        ? { start: to, end: from, reverse, exclusiveStart: true }
        : { start: from, end: to }
      return [...db.getRange({ ...bounds, limit })] as { key: Buffer; value: Buffer }[]
    },
    map: ({ from, to, limit }, read) => {
      const items = []
      for (const row of db.getRange({ start: from, end: to, limit })) items.push(read(row as Row))
      return items
    },
    texts: ({ from, to, limit }) => {
      asTexts = true
      try {
        return [...db.getKeys({ start: from, end: to, limit })] as unknown as string[]
      } finally {
        asTexts = false
      }
    },
    count: ({ from, to, limit }) => db.getKeysCount({ start: from, end: to, limit }),
    transaction: (fn) => db.transactionSync(() => fn(writer)),
    close: () => db.close(),
  }
}

function copy(source: Buffer, from: number, to: number): Buffer {
  const bytes = Buffer.allocUnsafe(to - from)
  source.copy(bytes, 0, from, to)
  return bytes
}
