import type { TruncationFloor } from '../manifest/floor.ts'
import type { Position } from '../manifest/log.ts'
import type { ConsumerRow, DurableHook } from './consumers.ts'

/**
 * The floor that the taps of `onManifestBatch` are. Those of `onFileDeleted` are none: what they still need is kept
 * beside the log. Judged by durable cursors, because a crash goes back to them.
 * @param ceiling records that a consumer may hold back; one that is further behind is no floor and gets a `reset`
 */
export function floorOf(
  rows: readonly ConsumerRow[],
  head: Position,
  ceiling = Number.POSITIVE_INFINITY,
): TruncationFloor {
  let lowest: Position | undefined
  for (const { hook, cursor } of rows) {
    if (hook !== 'onManifestBatch' || head.index - cursor.position.index > ceiling) continue
    if (!lowest || cursor.position.index < lowest.index) lowest = cursor.position
  }
  return lowest ? { kind: 'at', position: lowest } : { kind: 'none' }
}

/** The part of a consumer's status that says how near a `reset` is. */
export function untilReset(
  hook: DurableHook,
  lag: number,
  ceiling: number | undefined,
): { readonly untilReset?: number } {
  if (hook !== 'onManifestBatch' || ceiling === undefined) return {}
  return { untilReset: Math.max(0, ceiling - lag) }
}
