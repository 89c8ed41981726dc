import type { Opened } from '../opened.ts'
import { condemnUnlisted } from './unlisted.ts'

/**
 * Ends what a crash cut short: every key that this node was writing is either listed by now, then its pending row
 * goes, or is condemned, so that the eraser removes whatever bytes there are. Apply decides which. One that a hold keeps
 * is left for a later start.
 */
export async function recoverPending(opened: Opened): Promise<number> {
  const { pending, failpoints } = opened
  let keys = pending.page()
  let recovered = 0
  if (failpoints.armed && keys.length > 0) await failpoints.hit('recovery.before')
  while (keys.length > 0) {
    await condemnUnlisted(opened, keys, 'unfinished write')
    recovered += keys.length
    if (failpoints.armed) await failpoints.hit('recovery.after')
    keys = pending.page(undefined, keys.at(-1))
  }
  return recovered
}
