import { type Database, open } from 'lmdb'
import type { KeyValue } from './key-value.ts'

/** Visible means durable: by default LMDB shows a commit before it is synced. */
export const DURABILITY = { overlappingSync: false }

/** The manifest's rows in an LMDB environment in `folder`. */
export function openLmdb(folder: string): KeyValue {
  const db: Database<Buffer, Buffer> = open<Buffer, Buffer>({
    path: folder,
    keyEncoding: 'binary',
    encoding: 'binary',
    ...DURABILITY,
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
      // A reverse scan of lmdb-js has its upper end inside and its lower end outside; ours are the other way round.
      const bounds = reverse
        ? { start: to, end: from, reverse, exclusiveStart: true, inclusiveEnd: true }
        : { start: from, end: to }
      return [...db.getRange({ ...bounds, limit })] as { key: Buffer; value: Buffer }[]
    },
    count: ({ from, to, limit }) => db.getKeysCount({ start: from, end: to, limit }),
    transaction: (fn) => db.transactionSync(() => fn(writer)),
    close: () => db.close(),
  }
}
