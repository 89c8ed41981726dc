import { MAX_BATCH_OPS, type StorageKey } from '@holdfast/core'
import type { Opened } from '../opened.ts'
import { condemnUnlisted } from './unlisted.ts'

/**
 * Ends what a crash cut short: every key that this node was writing then is either listed by now, then its pending row
 * goes, or is condemned, so that the eraser removes whatever bytes there are. Apply decides which. One that a hold keeps
 * is left for a later start.
 */
export async function recoverPending(opened: Opened, unfinished: readonly StorageKey[]): Promise<number> {
  const { failpoints } = opened
  if (failpoints.armed && unfinished.length > 0) await failpoints.hit('recovery.before')
  for (let done = 0; done < unfinished.length; done += MAX_BATCH_OPS) {
    await condemnUnlisted(opened, unfinished.slice(done, done + MAX_BATCH_OPS), 'unfinished write')
    if (failpoints.armed) await failpoints.hit('recovery.after')
  }
  return unfinished.length
}
