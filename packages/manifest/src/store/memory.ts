import type { KeyValue, Row, Writer } from './key-value.ts'

/** The same port in memory: for simulations and models, where thousands of lives must fit into a minute. */
export function openMemory(initial: Row[] = []): KeyValue {
  let rows = initial
  const find = (key: Buffer): number => {
    let low = 0
    let high = rows.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (Buffer.compare((rows[middle] as Row).key, key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
  const has = (at: number, key: Buffer) => rows[at]?.key.equals(key) === true
  const writer: Writer = {
    put(key, value) {
      const at = find(key)
      rows.splice(at, has(at, key) ? 1 : 0, { key: Buffer.from(key), value: Buffer.from(value) })
    },
    insert(key, value) {
      const at = find(key)
      if (has(at, key)) return false
      rows.splice(at, 0, { key: Buffer.from(key), value: Buffer.from(value) })
      return true
    },
    remove(key) {
      const at = find(key)
      if (!has(at, key)) return false
      rows.splice(at, 1)
      return true
    },
  }
  return {
    get(key) {
      const at = find(key)
      return has(at, key) ? rows[at]?.value : undefined
    },
    look(key, read) {
      const value = this.get(key)
      return value && lend(value, read)
    },
    range({ from, to, limit, reverse = false }) {
      const slice = rows.slice(find(from), find(to))
      return (reverse ? slice.reverse() : slice).slice(0, limit)
    },
    map(query, read) {
      return this.range(query).map(({ key, value }) => lend(value, (lent) => read({ key, value: lent })))
    },
    texts(query) {
      return this.range(query).map(({ key }) => key.toString('utf8', 1))
    },
    count: ({ from, to, limit }) => Math.min(limit, find(to) - find(from)),
    transaction(fn) {
      const before = rows.slice()
      try {
        return fn(writer)
      } catch (error) {
        rows = before
        throw error
      }
    },
    snapshot() {
      const kept = openMemory(rows.slice())
      return { range: kept.range, close: () => undefined }
    },
    close: async () => undefined,
  }
}

/** What was lent last, of any store: engines read into one place, which the next value takes. */
let lent = Buffer.alloc(0)

/** Spoils a value when its turn is over, also when that is because another one's has begun. */
function lend<T>(value: Buffer, read: (value: Buffer) => T): T {
  lent.fill(0xff)
  const own = Buffer.from(value)
  lent = own
  try {
    return read(own)
  } finally {
    own.fill(0xff)
  }
}
