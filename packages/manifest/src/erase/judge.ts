import type { Storage, StorageKey } from '@holdfast/core'
import type { KeyRow } from '../format/key-row.ts'

/** Failures of one key after which it is set aside until somebody says `retry`. */
export const SET_ASIDE_AFTER = 10

/** Longest wait between two tries of one key, ms: what `backoff` grows to. */
export const LONGEST_WAIT_MS = 10 * 60_000

/**
 * Whether other bytes than those that were doomed lie under the key. A minted key cannot have any: it was used once.
 * A key that is a path of its own may have been written by somebody else in the meantime; then it is left alone.
 */
export async function holdsOtherBytes(
  key: StorageKey,
  { entry, unlisted }: Extract<KeyRow, { state: 'doomed' }>,
  storage: Storage,
  signal: AbortSignal,
): Promise<boolean> {
  const size = entry?.size ?? unlisted?.size
  const version = entry?.version ?? unlisted?.version
  if (entry ? entry.path !== (key as string) : size === undefined && version === undefined) return false
  const found = await storage.stat(key, { signal })
  if (!found) return false
  if (version !== undefined) return found.version !== version
  return found.size !== size || (entry?.changedAt !== undefined && found.changedAt !== entry.changedAt)
}
