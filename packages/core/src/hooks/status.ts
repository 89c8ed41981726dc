import type { TruncationFloor } from '../manifest/floor.ts'
import type { CallOptions } from '../storage/backend.ts'
import type { ConsumerName, Cursor } from './consumers.ts'
import type { HookName } from './ports.ts'

/**
 * - `idle`: has seen all there is.
 * - `delivering`
 * - `failing`: waits for the next try of the event that failed.
 * - `hanging`: a call is past its time limit and has not ended; no other is made until it has.
 * - `absent`: no tap of this name is on the node. What it has not seen is kept for it until `forget`.
 */
export type ConsumerState = 'idle' | 'delivering' | 'failing' | 'hanging' | 'absent'

/** Times in ms since 1970 UTC. */
export interface ConsumerStatus extends ConsumerName {
  readonly state: ConsumerState
  readonly cursor: Cursor
  /** Records between the cursor and the head. */
  readonly lag: number
  /**
   * Of `onManifestBatch`: records that may still come before the log may go on without this consumer, which then gets
   * a `reset`. 0: the next truncation may do it, or has done it. Absent: the log is never truncated past it.
   */
  readonly untilReset?: number
  /** Of the event behind the cursor; gone when that was delivered. */
  readonly lastError?: string
  /** Failed attempts at the event behind the cursor. */
  readonly attempts: number
  readonly nextTry?: number
  readonly hangingSince?: number
}

/** A tap since the start of the node. Times in ms since 1970 UTC. */
export interface TapStatus {
  readonly hook: HookName
  readonly plugin: string
  readonly calls: number
  readonly failures: number
  /** Time of all calls that have ended, ms. */
  readonly totalMs: number
  readonly lastError?: { readonly message: string; readonly at: number }
  readonly hangingSince?: number
}

export interface HooksStatus {
  readonly consumers: readonly ConsumerStatus[]
  readonly taps: readonly TapStatus[]
}

/** The hooks of a node as its owner sees them. */
export interface NodeHooks {
  status(): HooksStatus
  /** Tries what failed now, of one plugin or of all, and gives the number of consumers. A hanging one cannot be tried. */
  retry(plugin?: string): number
  /**
   * Gives up what is kept for a plugin that is not on the node any more, and gives the number of its consumers. If the
   * plugin comes back it sees what comes after that.
   * @throws HF_REQUEST_INVALID for a plugin whose taps are here
   */
  forget(plugin: string): Promise<number>
  /** How far the log may be truncated for the consumers' sake; `ceiling` is the number of records that one may hold back. */
  floor(options?: { readonly ceiling?: number }): TruncationFloor
  /** Resolves when no consumer can be given anything more now, and all cursors are durable. */
  drain(options?: CallOptions): Promise<void>
}
