import { newer } from '../format/bytes.ts'
import { named, TABLE } from '../format/rows.ts'
import type { Rows } from '../state/rows.ts'
import { INCARNATION } from './fence.ts'
import { type Life, readLives, withLife, writeLives } from './lives.ts'

/** Format of the store as a whole: its tables and the names of their rows. Format 1 had no row of lives. */
export const STORE_FORMAT = 2
const FORMAT = named(TABLE.node, 'format')
export const LIVES = named(TABLE.node, 'lives')

/** The format of a store, undefined for a new one. @throws HF_FORMAT_NEWER; nothing was touched */
export function formatOf(rows: Rows): number | undefined {
  const format = rows.get(FORMAT, (payload) => payload.varint())
  if (format !== undefined && format > STORE_FORMAT) throw newer('the manifest', format)
  return format
}

/**
 * Begins a life of the manifest; a store of an older format becomes one of this format in the same transaction, which
 * is the first and takes the store over. `index` gives the last record of the log as it is now that nobody else can
 * write any more.
 */
export function beginLife(rows: Rows, id: string, index: () => number): void {
  rows.transaction(() => {
    const lives = withLife(earlierLives(rows), id, index())
    rows.put(FORMAT, (payload) => payload.varint(STORE_FORMAT))
    rows.put(LIVES, (payload) => writeLives(payload, lives))
  })
}

/** A store of format 1 knows its last owner only, which is whose record lies in the store. */
function earlierLives(rows: Rows): readonly Life[] {
  const lives = rows.get(LIVES, readLives)
  if (lives) return lives
  const id = rows.get(INCARNATION, (payload) => payload.text())
  return id === undefined ? [] : [{ id, begin: 0, state: 'claimed' }]
}
