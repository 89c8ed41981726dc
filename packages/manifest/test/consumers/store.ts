import { join } from 'node:path'
import { EmbeddedLog } from '../../src/commit/log.ts'
import type { Recorded } from '../../src/format/record.ts'
import { indexOfLogRow, logRow } from '../../src/format/rows.ts'
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
    [Symbol.asyncDispose]: () => store.close(),
  }
}
