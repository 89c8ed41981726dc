import { HoldfastError, type Log } from '@holdfast/core'
import { named, TABLE } from '../format/rows.ts'
import type { Rows } from '../state/rows.ts'
import type { State } from '../state/state.ts'

/** The id of the log that the state was made of. */
export const LOG_ID = named(TABLE.node, 'shared log')

/** The log's id is kept from the first time on: a state belongs to one log. */
export function logIdOf({ id }: Pick<Log, 'id'>, { rows, head }: Pick<State, 'rows' | 'head'>): string {
  const known = rows.get(LOG_ID, (payload) => payload.text())
  if (known !== undefined) return known
  if (head.index > 0)
    throw new HoldfastError(
      'HF_LOG_DIVERGED',
      'this data folder has a log of its own, and cannot go on with a shared one; give the node an empty data folder',
      { context: { index: head.index } },
    )
  rows.transaction(() => rows.put(LOG_ID, (payload) => payload.text(id)))
  return id
}

/** Whether the state in a store was made of a log that is not in it. */
export function isShared(rows: Rows): boolean {
  return rows.has(LOG_ID)
}

/** @throws HF_LOG_DIVERGED for a state that was made of a shared log, on a node that has none */
export function mustBeAlone(rows: Rows): void {
  const logId = rows.get(LOG_ID, (payload) => payload.text())
  if (logId === undefined) return
  throw new HoldfastError(
    'HF_LOG_DIVERGED',
    `this data folder follows the shared log ${logId}, and the node has no plugin that provides it; add that`,
    { context: { logId } },
  )
}
