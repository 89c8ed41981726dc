import { type FilePath, mintedPath, type Position, type StorageKey } from '@holdfast/core'
import { putDeletion } from '../consumers/deletion-rows.ts'
import { EraseQueue } from '../erase/queue.ts'
import { orUnreadable } from '../format/bytes.ts'
import { type KeyRow, readKeyRow } from '../format/key-row.ts'
import {
  after,
  behind,
  deletionRow,
  dueRow,
  keyOfDueRow,
  named,
  nameOf,
  ordinalOfDeletion,
  TABLE,
} from '../format/rows.ts'
import type { State } from '../state/state.ts'

const PAGE = 1000
const FIRST_DOOMED = dueRow('doomed', 0, '')
const FIRST_GONE = dueRow('gone', 0, '')

export interface JoinParts {
  /** This node's state until now. Nothing is applied to it while this runs. */
  readonly old: State
  readonly oldQueue: EraseQueue
  /** The one that takes its place. */
  readonly next: State
  readonly position: Position
  /** Whether somebody listens to deletions. */
  readonly deliver: boolean
  /** Whether this node's store may have bytes of an orphan of that store. */
  readonly isOurs: (storeId: string | undefined) => boolean
  /** Whether all nodes have the same store, so that `erased` settles a key for this node too. */
  readonly oneStore: boolean
}

/**
 * Compares the keys of two states, and writes into the new one what this node missed: files that were live or condemned
 * and are neither any more were deleted, and what is doomed is to be erased here.
 */
export async function join(parts: JoinParts): Promise<void> {
  await noteVanished(parts)
  await queueDoomed(parts)
}

async function noteVanished({ old, next, position, deliver }: JoinParts): Promise<void> {
  if (!deliver) return
  const end = behind(named(TABLE.key, ''))
  let ordinal = firstOrdinal(old, position)
  for (let from = named(TABLE.key, ''); ; ) {
    const names = old.rows.names(from, end, PAGE)
    next.rows.transaction(() => {
      for (const name of names) {
        // A damaged row is a reason for an install, not against it.
        const before = orUnreadable(() => old.rows.get(name, readKeyRow))
        const now = next.rows.get(name, readKeyRow)
        if (now?.state === 'live' || now?.state === 'condemned') continue
        const key = nameOf(name) as StorageKey
        const path = before === 'unreadable' ? likelyPath(key, now) : pathOf(before)
        if (path === undefined) continue
        const condemned = before !== 'unreadable' && before?.state === 'condemned' ? before : undefined
        const { reason = 'deleted', run } = (now?.state === 'doomed' ? now : condemned) ?? {}
        const deletion = { key, path, reason, ...(run !== undefined && { run }), position }
        putDeletion(next.rows, ordinal++, deletion)
      }
    })
    const last = names.at(-1)
    if (!last || names.length < PAGE) return
    from = after(last)
    await turn()
  }
}

/** Of what was a file and could be read. */
function pathOf(row: KeyRow | undefined): FilePath | undefined {
  if (row?.state === 'live') return row.path
  return row?.state === 'condemned' ? row.entry?.path : undefined
}

/** What cannot be read counts as a file that was listed, unless it is known by now that it was none. */
function likelyPath(key: StorageKey, now: KeyRow | undefined): FilePath | undefined {
  if (now?.state === 'doomed') return now.entry?.path
  if (now?.state === 'gone' && now.as === 'orphan') return undefined
  return (mintedPath(key) ?? key) as FilePath
}

/** Behind those of the record itself, if this node has applied it. */
const FIRST_ORDINAL = 1 << 24

/** Behind what an earlier install at this record has left to be delivered, too: those rows come over. */
function firstOrdinal(old: State, { index }: Position): number {
  const [from, to] = [deletionRow(index, FIRST_ORDINAL), deletionRow(index + 1, 0)]
  const [newest] = old.rows.names(from, to, 1, true)
  return newest ? ordinalOfDeletion(newest) + 1 : FIRST_ORDINAL
}

/**
 * What is doomed; and, where each node has a disk, what is gone as well and was not when this node last knew: others
 * have done their part, this one has not.
 */
async function queueDoomed({ old, oldQueue, next, isOurs, oneStore }: JoinParts): Promise<void> {
  const queue = new EraseQueue(next.rows)
  const end = oneStore ? FIRST_GONE : behind(dueRow('gone', Number.MAX_SAFE_INTEGER, ''))
  for (let from = FIRST_DOOMED; ; ) {
    const names = next.rows.names(from, end, PAGE)
    next.rows.transaction(() => {
      for (const name of names) {
        const key = keyOfDueRow(name) as StorageKey
        const row = next.key(key)
        // What this node has begun to erase comes over as it is.
        if (isQueued(oldQueue, key)) continue
        if (row?.state === 'doomed' && isOurs(row.unlisted?.storeId)) queue.add(key, row.since)
        if (row?.state === 'gone' && !wasGone(old, key)) queue.add(key, next.head.time)
      }
    })
    const last = names.at(-1)
    if (!last || names.length < PAGE) return
    from = after(last)
    await turn()
  }
}

function wasGone(old: State, key: StorageKey): boolean {
  const before = orUnreadable(() => old.key(key))
  return before !== 'unreadable' && before?.state === 'gone'
}

/** One that cannot be read does not come over: it is queued anew. */
export function isQueued(queue: EraseQueue, key: string): boolean {
  const found = orUnreadable(() => queue.get(key))
  return found !== undefined && found !== 'unreadable'
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
