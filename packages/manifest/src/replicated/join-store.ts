import type { Ids, Storage } from '@holdfast/core'
import { encodeControl } from '../data-dir/control-file.ts'
import { knowsStore, readIdentity, rememberStore, STORE_RECORD } from '../data-dir/store-identity.ts'
import type { Rows } from '../state/rows.ts'

/**
 * A store that all nodes share belongs to their log: whoever comes first gives it an identity, and every other node of
 * the same log takes that. A store of another log stays foreign.
 */
export async function joinStore(storage: Storage, rows: Rows, ids: Ids, logId: string): Promise<void> {
  if (knowsStore(rows)) return
  const own = { storeId: ids.next(), logId }
  await storage.records.write(STORE_RECORD, encodeControl(own), { ifAbsent: true })
  const found = await readIdentity(storage)
  if (found?.logId === logId) rememberStore(rows, { storeId: found.storeId, logId, settled: true })
}
