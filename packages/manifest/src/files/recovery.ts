import { HoldfastError } from '@holdfast/core'
import type { Opened } from '../opened.ts'
import { condemnUnlisted } from './write.ts'

/**
 * Ends what a crash cut short: every key that this node was writing is either listed by now, then its pending row
 * goes, or is condemned, so that the eraser removes whatever bytes there are. Apply decides which.
 */
export async function recoverPending(opened: Opened): Promise<number> {
  const { pending, failpoints } = opened
  let keys = pending.page()
  let recovered = 0
  if (failpoints.armed && keys.length > 0) await failpoints.hit('recovery.before')
  while (keys.length > 0) {
    await condemnUnlisted(opened, keys, 'unfinished write')
    for (const key of keys) pending.forget(key)
    recovered += keys.length
    if (failpoints.armed) await failpoints.hit('recovery.after')
    const [first] = keys
    keys = pending.page()
    // Each commit ends the rows that it is about; one that does not is a bug, and must not become a loop.
    if (first !== undefined && keys.includes(first))
      throw new HoldfastError('HF_MANIFEST_CORRUPT', `the unfinished write of ${first} cannot be ended`, {
        context: { key: first },
      })
  }
  return recovered
}
