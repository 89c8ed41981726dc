import { EMBEDDED_TERM } from '../commit/log.ts'
import { behind, logRow, named, nameOf, TABLE } from '../format/rows.ts'
import { folderOf, writeFolder } from './folders.ts'
import type { State } from './state.ts'

/**
 * Inside a transaction: takes a store of format 1 on. It kept recent batches by other rows, one for each of them; they
 * are forgotten, as if they were long ago. The term of a log record stood in its bytes; now it stands before them too.
 * All other rows of format 1 are those of format 2.
 */
export function upgradeFrom1(state: State): void {
  const { rows, head } = state
  for (const table of [TABLE.batch, TABLE.slot]) {
    const all = named(table, '')
    for (const row of rows.names(all, behind(all), Number.MAX_SAFE_INTEGER)) rows.remove(row)
  }
  head.batches = 0
  for (const row of rows.names(logRow(0), logRow(Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER)) {
    const record = rows.get(row, (payload) => Buffer.from(payload.rest())) as Buffer
    rows.put(row, (payload) => void payload.varint(EMBEDDED_TERM).raw(record))
  }
  state.flush()
}

/** Inside a transaction: takes a store of format 2 on. A folder did not count the folders in it. */
export function upgradeFrom2(state: State): void {
  const { rows } = state
  const all = named(TABLE.folder, '')
  const names = rows.names(all, behind(all), Number.MAX_SAFE_INTEGER)
  const folders = new Map<string, number>()
  for (const row of names) {
    const above = folderOf(nameOf(row))
    folders.set(above, (folders.get(above) ?? 0) + 1)
  }
  for (const row of names) {
    const children = rows.get(row, (payload) => payload.varint()) ?? 0
    rows.put(row, (payload) => writeFolder(payload, { children, folders: folders.get(nameOf(row)) ?? 0 }))
  }
  state.flush()
}
