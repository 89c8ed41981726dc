import type { KeyValue } from './key-value.ts'

/** A store in whose place another one can be put, between two calls. */
export interface Switchable extends KeyValue {
  /** Gives the one that was there. */
  swap(next: KeyValue): KeyValue
}

export function switchable(first: KeyValue): Switchable {
  let store = first
  return {
    get: (key) => store.get(key),
    look: (key, read) => store.look(key, read),
    range: (query) => store.range(query),
    map: (query, read) => store.map(query, read),
    texts: (query) => store.texts(query),
    count: (query) => store.count(query),
    transaction: (fn) => store.transaction(fn),
    snapshot: () => store.snapshot(),
    close: () => store.close(),
    swap(next) {
      const before = store
      store = next
      return before
    },
  }
}
