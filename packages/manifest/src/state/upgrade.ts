import { behind, named, TABLE } from '../format/rows.ts'
import type { State } from './state.ts'

/**
 * Inside a transaction: takes a store of format 1 on. It kept recent batches by other rows, one for each of them; they
 * are forgotten, as if they were long ago. All other rows of format 1 can be read as they are.
 */
export function upgradeFrom1(state: State): void {
  const { rows, head } = state
  for (const table of [TABLE.batch, TABLE.slot]) {
    const all = named(table, '')
    for (const row of rows.names(all, behind(all), Number.MAX_SAFE_INTEGER)) rows.remove(row)
  }
  head.batches = 0
  state.flush()
}
