import type { Store } from './store.ts'

/** The events of a log behind an index, from the records and from what the state remembers of their batches. */
export function eventsOf(store: Store, after: number): { batches: string[]; deleted: string[] } {
  const batches: string[] = []
  const deleted: string[] = []
  const listed = new Set<string>()
  const known = new Set<string>()
  for (const [at, { batches: recorded }] of store.log().entries())
    for (const { id, ops } of recorded) {
      const row = store.batch(id)
      if (row?.status !== 'committed') continue
      if (at + 1 > after) batches.push(id)
      for (const [index, one] of ops.entries()) {
        if (row.outcomes[index]?.status !== 'done') continue
        if (one.type === 'register') listed.add(one.entry.key)
        if (one.type === 'replace') for (const { key } of one.outputs) listed.add(key)
        if (one.type === 'doom' && listed.has(one.key) && !known.has(one.key)) {
          known.add(one.key)
          if (at + 1 > after) deleted.push(one.key)
        }
      }
    }
  return { batches, deleted }
}
