import { messageOf } from '../errors.ts'
import type { CallOptions } from '../storage/backend.ts'
import type { Position } from './log.ts'

/** How far a log may be truncated for somebody's sake. `none` and `unknown` are different answers. */
export type TruncationFloor =
  /** Nothing is needed. */
  | { readonly kind: 'none' }
  /** What is behind this position is still needed. */
  | { readonly kind: 'at'; readonly position: Position }
  /** It cannot be told, which forbids truncation altogether. */
  | { readonly kind: 'unknown'; readonly reason: string }

/** Somebody who needs records of the log: the consumers of hooks, snapshots, followers. */
export interface FloorProvider {
  /** For messages: whose need it is. */
  readonly name: string
  /** Asked right before each truncation. A failure is `unknown`. */
  floor(options: CallOptions): TruncationFloor | Promise<TruncationFloor>
}

/** The lowest of all floors; `unknown` if one of them is, with the name of whose it is. */
export async function lowestFloor(
  providers: readonly FloorProvider[],
  options: CallOptions = {},
): Promise<TruncationFloor> {
  let lowest: TruncationFloor = { kind: 'none' }
  for (const provider of providers) {
    const floor = await ask(provider, options)
    if (floor.kind === 'unknown') return { ...floor, reason: `${provider.name}: ${floor.reason}` }
    if (floor.kind === 'none') continue
    if (lowest.kind !== 'at' || floor.position.index < lowest.position.index) lowest = floor
  }
  return lowest
}

async function ask(provider: FloorProvider, options: CallOptions): Promise<TruncationFloor> {
  try {
    return await provider.floor(options)
  } catch (error) {
    return { kind: 'unknown', reason: messageOf(error) }
  }
}
