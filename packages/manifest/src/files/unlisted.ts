import { messageOf, type StorageKey } from '@holdfast/core'
import type { Opened } from '../opened.ts'

/** Sends keys that will not be listed to the eraser; if that cannot be committed now, the eraser tries again. */
export async function abandon(opened: Opened, keys: readonly StorageKey[]): Promise<void> {
  const { pending, log } = opened
  for (const key of keys) pending.abandon(key)
  try {
    await clearAbandoned(opened)
  } catch (error) {
    log.warn({ keys, cause: messageOf(error) }, 'a failed write will be cleaned up later')
  }
}

/** Tells the log of writes that failed. Nobody else may remove their bytes: they may have been listed after all. */
export async function clearAbandoned(opened: Opened): Promise<void> {
  const keys = opened.pending.abandoned()
  if (keys.length > 0) await condemnUnlisted(opened, keys, 'write failed')
}

/**
 * Condemns keys of this node that nobody lists; those that somebody does are left alone by apply. One that a hold keeps
 * stays pending: the next start tries again.
 */
export async function condemnUnlisted(
  { committer, pending, storeId }: Opened,
  keys: readonly StorageKey[],
  reason: string,
): Promise<void> {
  const { outcomes } = await committer.commit({
    ops: keys.map((key) => ({ type: 'condemn', key, unlisted: { storeId }, delay: 0, reason })),
  })
  for (const [index, key] of keys.entries()) {
    const outcome = outcomes[index]
    if (outcome?.status === 'skipped' && outcome.reason === 'held') pending.leave(key)
    else pending.forget(key)
  }
}
