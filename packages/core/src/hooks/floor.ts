import type { Position } from '../manifest/log.ts'
import type { ConsumerRow } from './consumers.ts'

/** How far a log may be truncated for somebody's sake. `unknown` forbids it altogether. */
export type TruncationFloor =
  | { readonly kind: 'none' }
  /** What is behind this position is still needed. */
  | { readonly kind: 'at'; readonly position: Position }
  | { readonly kind: 'unknown'; readonly reason: string }

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
