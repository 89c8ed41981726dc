import type { EmbeddedLog } from '../commit/log.ts'
import { newer } from '../format/bytes.ts'
import { named, TABLE } from '../format/rows.ts'
import { isShared } from '../replicated/log-id.ts'
import type { Rows } from '../state/rows.ts'
import type { State } from '../state/state.ts'
import { upgradeFrom1, upgradeFrom2 } from '../state/upgrade.ts'
import { INCARNATION } from './fence.ts'
import { type Life, readLives, withLife, writeLives } from './lives.ts'

/** Format of the store as a whole: its tables and the names of their rows. */
export const STORE_FORMAT = 4
const FORMAT = named(TABLE.node, 'format')
export const LIVES = named(TABLE.node, 'lives')

/** The format of a store, undefined for a new one. @throws HF_FORMAT_NEWER; nothing was touched */
export function formatOf(rows: Rows): number | undefined {
  const format = rows.get(FORMAT, (payload) => payload.varint())
  if (format !== undefined && format > STORE_FORMAT) throw newer('the manifest', format)
  return format
}

/**
 * The first transaction of a process: takes the store over, makes one of an older format one of this, and begins a life
 * of the manifest. Gives the format that the store had, if it was an older one.
 * @throws HF_LOG_DIVERGED, HF_FORMAT_NEWER; nothing was touched
 */
export function takeOver(
  state: State,
  log: EmbeddedLog,
  { incarnation, logId }: { readonly incarnation: string; readonly logId: string },
): number | undefined {
  const { rows } = state
  return rows.transaction(() => {
    // Until now a process that is being taken over could still commit.
    state.reload()
    const format = formatOf(rows)
    if (format === 1) upgradeFrom1(state)
    if (format !== undefined && format < 3) upgradeFrom2(state)
    if (!isShared(rows)) log.checkChain(state.head)
    log.begin(logId)
    beginLife(rows, incarnation, state.head.index)
    return format === STORE_FORMAT ? undefined : format
  })
}

/** Inside a transaction, the first of this process: a life of the manifest, from a record of its log on. */
export function beginLife(rows: Rows, id: string, index: number): void {
  const lives = withLife(earlierLives(rows), id, index)
  rows.put(FORMAT, (payload) => payload.varint(STORE_FORMAT))
  rows.put(LIVES, (payload) => writeLives(payload, lives))
}

/** A store of format 1 knows its last owner only, which is whose record lies in the store. */
function earlierLives(rows: Rows): readonly Life[] {
  const lives = rows.get(LIVES, readLives)
  if (lives) return lives
  const id = rows.get(INCARNATION, (payload) => payload.text())
  return id === undefined ? [] : [{ id, begin: 0, state: 'claimed' }]
}
