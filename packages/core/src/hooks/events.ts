import type { Position } from '../manifest/log.ts'
import type { Op, OpOutcome } from '../manifest/ops.ts'
import type { FilePath, StorageKey } from '../paths.ts'

/** A batch that is committed and applied here. Rejected and repeated batches are no events. */
export interface CommittedBatch {
  readonly type: 'batch'
  /** Made by the proposer, unique: what to remember in order to notice a repeated delivery. */
  readonly id: string
  /** The record that holds the batch; batches that were committed together share one. */
  readonly position: Position
  /** The batch's place in its record, from 0; with the position it orders all batches. */
  readonly ordinal: number
  /** Of the record, ms since 1970 UTC; never goes back. */
  readonly time: number
  readonly ops: readonly Op[]
  /** What became of each op; a skipped one changed nothing. */
  readonly outcomes: readonly OpOutcome[]
}

/**
 * Batches between the tap's last one and `position` are not delivered, because the log holds them no more: read the
 * manifest as it is, then go on with the batches behind.
 */
export interface ManifestReset {
  readonly type: 'reset'
  readonly position: Position
  /** `installed`: the state came from a snapshot. `truncated`: the tap was further behind than the log may hold for it. */
  readonly reason: 'installed' | 'truncated'
}

export type ManifestEvent = CommittedBatch | ManifestReset

/** A file that has been doomed: its bytes are deleted soon, or already. Keys that were never listed are no events. */
export interface DeletedFile {
  /** Used once, so unique: what to remember in order to notice a repeated delivery. */
  readonly key: StorageKey
  readonly path?: FilePath
  readonly reason: string
  readonly run?: string
  readonly position: Position
  /** The key that the path had when this was handed out: a cache by path must look at it. */
  readonly current?: StorageKey
}

/** A snapshot that is about to be written or received. */
export interface SnapshotIntent {
  readonly position: Position
  readonly source: 'local' | 'received'
  readonly estimatedBytes: number
}

/** A listed file whose times nobody knows. Give what its bytes say, or undefined: a guess may delete it too early. */
export interface InspectedFile {
  readonly path: FilePath
  readonly namespace: string
  /** Bytes. */
  readonly size: number
  /**
   * Bytes from `start` up to and without `end`, exactly so many. All ranges of a file together have at most
   * {@link INSPECT_BYTES}. Works until the tap has answered.
   * @throws TypeError for a range that is not within the file, or beyond that many bytes; HF_BYTES_MISSING,
   * HF_BYTES_CORRUPT, HF_BACKEND: then no answer counts
   */
  read(range: { readonly start: number; readonly end: number }): Promise<Uint8Array>
}
