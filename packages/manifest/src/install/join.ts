import type { Position, StorageKey } from '@holdfast/core'
import { putDeletion } from '../consumers/deletion-rows.ts'
import { EraseQueue } from '../erase/queue.ts'
import { readKeyRow } from '../format/key-row.ts'
import { after, behind, dueRow, keyOfDueRow, named, nameOf, TABLE } from '../format/rows.ts'
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
  /** Whether `erased` settles a key for this node too. */
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
  let ordinal = 0
  for (let from = named(TABLE.key, ''); ; ) {
    const names = old.rows.names(from, end, PAGE)
    next.rows.transaction(() => {
      for (const name of names) {
        const before = old.rows.get(name, readKeyRow)
        const path =
          before?.state === 'live' ? before.path : before?.state === 'condemned' && before.entry?.path
        if (!path) continue
        const now = next.rows.get(name, readKeyRow)
        if (now?.state === 'live' || now?.state === 'condemned') continue
        const why = now?.state === 'doomed' ? now : before?.state === 'condemned' ? before : undefined
        const { reason = 'deleted', run } = why ?? {}
        const key = nameOf(name) as StorageKey
        const deletion = { key, path, reason, ...(run !== undefined && { run }), position }
        putDeletion(next.rows, FIRST_ORDINAL + ordinal++, deletion)
      }
    })
    const last = names.at(-1)
    if (!last || names.length < PAGE) return
    from = after(last)
    await turn()
  }
}

/** Behind those of the record itself, if this node has applied it. */
const FIRST_ORDINAL = 1 << 24

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
        if (oldQueue.get(key)) continue
        if (row?.state === 'doomed' && isOurs(row.unlisted?.storeId)) queue.add(key, row.since)
        if (row?.state === 'gone' && old.key(key)?.state !== 'gone') queue.add(key, next.head.time)
      }
    })
    const last = names.at(-1)
    if (!last || names.length < PAGE) return
    from = after(last)
    await turn()
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
