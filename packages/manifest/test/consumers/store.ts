import { join } from 'node:path'
import { EmbeddedLog } from '../../src/commit/log.ts'
import type { Recorded } from '../../src/format/record.ts'
import { behind, indexOfLogRow, logRow, named, TABLE, type Table } from '../../src/format/rows.ts'
import { createSeal } from '../../src/format/seal.ts'
import type { BatchRow } from '../../src/state/outcomes.ts'
import { State } from '../../src/state/state.ts'
import { openLmdb } from '../../src/store/lmdb.ts'

/** The store of a node that is stopped, as it is on the disk. */
export interface Store extends AsyncDisposable {
  /** Records in log order, from index 1. */
  log(): Recorded[]
  /** What the state remembers of a batch. */
  batch(id: string): BatchRow | undefined
  /** Where the log begins and ends, and the indexes of the records that are there. */
  stored(): { readonly floor: number; readonly head: number; readonly indexes: number[] }
  /** Rows of a table. */
  count(table: Table): number
}

export async function openStore(dataDir: string): Promise<Store> {
  const seal = await createSeal()
  const store = openLmdb(join(dataDir, 'manifest'))
  const state = new State(store, seal)
  const log = new EmbeddedLog(state.rows, seal)
  return {
    log: () => Array.from({ length: state.head.index }, (_, at) => log.record(at + 1)?.record as Recorded),
    batch: (id) => state.recent.find(id),
    stored() {
      const rows = state.rows.names(logRow(0), logRow(Number.MAX_SAFE_INTEGER), 1_000_000)
      return { floor: log.floor().index, head: state.head.index, indexes: rows.map(indexOfLogRow) }
    },
    count(table) {
      const all = named(table, '')
      return state.rows.count(all, behind(all), 1_000_000)
    },
    [Symbol.asyncDispose]: () => store.close(),
  }
}

/** Does to a store what 100,000 later batches do: takes the memory of a batch away. */
export async function forgetBatch(dataDir: string, id: string): Promise<void> {
  const store = openLmdb(join(dataDir, 'manifest'))
  store.transaction((writer) => writer.remove(named(TABLE.batch, id)))
  await store.close()
}

export const KEPT_TABLES = [TABLE.outcome, TABLE.deletion] as const
