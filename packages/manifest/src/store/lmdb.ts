import { type Database, open } from 'lmdb'
import type { KeyValue } from './key-value.ts'

const NO_OVERWRITE = { noOverwrite: true }

/** The manifest's rows in an LMDB environment in `folder`. */
export function openLmdb(folder: string): KeyValue {
  const db: Database<Buffer, Buffer> = open<Buffer, Buffer>({
    path: folder,
    keyEncoding: 'binary',
    encoding: 'binary',
    // Visible means durable: with the default, a commit is seen before it is synced.
    overlappingSync: false,
    cache: false,
    compression: false,
  })
  const writer = {
    put: (key: Buffer, value: Buffer) => void db.putSync(key, value),
    // One descent of the tree says whether the row is there and writes it.
    insert: (key: Buffer, value: Buffer) => db.putSync(key, value, NO_OVERWRITE) as unknown as boolean,
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
