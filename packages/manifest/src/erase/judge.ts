import { messageOf, type QueuedErase, type Storage, type StorageKey } from '@holdfast/core'
import type { KeyRow } from '../format/key-row.ts'
import type { Opened } from '../opened.ts'
import { Leaving } from './leaving.ts'
import { whyBelow } from './unreadable.ts'

/** Failures of one key after which it is set aside until somebody says `retry`. */
export const SET_ASIDE_AFTER = 10

/** Longest wait between two tries of one key, ms: what `backoff` grows to. */
export const LONGEST_WAIT_MS = 10 * 60_000

/** How long a pinned key waits before it is looked at again, ms. */
const PINNED_MS = 1000

export interface Judged {
  readonly targets: QueuedErase[]
  readonly later: QueuedErase[]
  readonly strays: StorageKey[]
}

export interface JudgeParts extends Pick<Opened, 'state' | 'eraseQueue' | 'pins' | 'clock'> {
  readonly storage: Storage
  /** Keys that were deleted, and of which the log has not heard yet. */
  readonly unrecorded: Iterable<string>
  /** Hard limit of one delete call, ms. */
  readonly deleteTimeout: number
  readonly inTime: <T>(call: (signal: AbortSignal) => Promise<T>) => Promise<T>
  readonly failed: (item: QueuedErase, why: string) => QueuedErase
}

/**
 * What may go of these now, by their rows of this moment; what waits; and what has no business in the queue. What cannot
 * be read is set aside, and also what could not be recorded once its bytes are gone, for the row of a folder.
 */
export async function judgeQueued(
  queued: readonly QueuedErase[],
  { state, eraseQueue, pins, clock, storage, unrecorded, deleteTimeout, inTime, failed }: JudgeParts,
): Promise<Judged> {
  const { unreadable } = eraseQueue
  const judged: Judged = { targets: [], later: [], strays: [] }
  const looks: Promise<void>[] = []
  const leaving = new Leaving(state.rows, unrecorded)
  const folders = new Set<string>()
  const isBelowDamaged = (item: QueuedErase) => {
    const damaged = leaving.add(item.key)
    if (!damaged) return false
    judged.later.push({ ...item, setAside: whyBelow(damaged.error) })
    if (!folders.has(damaged.folder)) unreadable.logFolder(damaged)
    folders.add(damaged.folder)
    return true
  }
  for (const item of queued) {
    const known = unreadable.look(state, item.key)
    if (known === 'unreadable') continue
    if (known?.state !== 'doomed' && known?.state !== 'gone') judged.strays.push(item.key)
    // The key may be used again from then on: looks at others take up to one limit, and the DELETE lands within another.
    else if (known.state === 'gone' && known.until <= clock.now() + 2 * deleteTimeout)
      judged.strays.push(item.key)
    else if (pins.isPinned(item.key)) judged.later.push({ ...item, nextTry: clock.now() + PINNED_MS })
    else if (known.state === 'doomed' && isBelowDamaged(item)) continue
    else if (known.state === 'gone' || !mayHoldOthers(item.key, known)) judged.targets.push(item)
    else
      looks.push(
        inTime((signal) => holdsOtherBytes(item.key, known, storage, signal)).then(
          (other) => {
            if (other) judged.later.push({ ...item, setAside: 'its bytes are not those that were doomed' })
            else judged.targets.push(item)
          },
          (error: unknown) => void judged.later.push(failed(item, messageOf(error))),
        ),
      )
  }
  await Promise.all(looks)
  return judged
}

type Doomed = Extract<KeyRow, { state: 'doomed' }>

/** A minted key holds the bytes that were doomed, or none: it was used once. One that is a path may have been written anew. */
function mayHoldOthers(key: StorageKey, { entry, unlisted }: Doomed): boolean {
  if (entry) return entry.path === (key as string)
  return unlisted?.size !== undefined || unlisted?.version !== undefined
}

/** Whether other bytes than those that were doomed lie under the key; then it is left alone. */
async function holdsOtherBytes(
  key: StorageKey,
  { entry, unlisted }: Doomed,
  storage: Storage,
  signal: AbortSignal,
): Promise<boolean> {
  const size = entry?.size ?? unlisted?.size
  const version = entry?.version ?? unlisted?.version
  const found = await storage.stat(key, { signal })
  if (!found) return false
  if (version !== undefined) return found.version !== version
  return found.size !== size || (entry?.changedAt !== undefined && found.changedAt !== entry.changedAt)
}
